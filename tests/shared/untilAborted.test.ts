import { untilAborted } from '../../shared/untilAborted';

it('is what the work comes to when nobody aborts', async () => {
  const { signal } = new AbortController();
  await expect(untilAborted(signal, Promise.resolve(7))).resolves.toBe(7);
  await expect(untilAborted(signal, Promise.reject(new Error('x')))).rejects.toThrow('x');
});

it('rejects with the reason of the signal as soon as it is aborted, or was before', async () => {
  const controller = new AbortController();
  const late = new Error('late');
  const waiting = untilAborted(controller.signal, new Promise(() => undefined));
  controller.abort(late);
  await expect(waiting).rejects.toBe(late);
  await expect(untilAborted(controller.signal, Promise.reject(new Error('too')))).rejects.toBe(late);
});
