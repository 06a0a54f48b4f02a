import { setImmediate as nextLook } from 'node:timers/promises';
import { createSocketLooks } from '../../../local/graphSimulator/faults/socketLooks';

// Node.js guide "The Node.js event loop": immediates run once behind each poll for I/O.
test('a request met two looks after an answer counts as sent after it, and one met at the next look does not', async () => {
  let now = 0;
  const looks = createSocketLooks(() => now);
  try {
    now = 100;
    looks.note();
    now = 101;
    await nextLook();
    expect(looks.sentBy()).toBeLessThan(100);
    await nextLook();
    expect(looks.sentBy()).toBe(101);
  } finally {
    looks.stop();
  }
});
