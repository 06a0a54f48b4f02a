/** host.json says the same (a test holds them equal): after this many tries the host moves a message to poison. */
export const MAX_DEQUEUE_COUNT = 5;
