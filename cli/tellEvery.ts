/** Progress on long work: after every `step` of it, says `words` of how much is done; work that is soon done says nothing. */
export function tellEvery(
  stderr: (text: string) => void,
  step: number,
  words: (done: number) => string,
): (done: number) => void {
  return (done) => {
    if (done % step === 0) stderr(`${words(done)}\n`);
  };
}
