import { shareTokenRequests } from '../../../shared/graph/shareTokenRequests';

/** Token requests that a test answers one by one. */
function createRequests() {
  const requests: { tenantId: string; answer: (token: string) => void; fail: (error: Error) => void }[] = [];
  const getToken = shareTokenRequests(
    (tenantId) =>
      new Promise((answer, fail) => {
        requests.push({ tenantId, answer, fail });
      }),
  );
  return { requests, getToken };
}

test('callers of one moment share one request; another tenant has its own', async () => {
  const { requests, getToken } = createRequests();
  const asked = [getToken('t1'), getToken('t1'), getToken('t2')];
  expect(requests.map(({ tenantId }) => tenantId)).toEqual(['t1', 't2']);
  requests[0]?.answer('one');
  requests[1]?.answer('two');
  await expect(Promise.all(asked)).resolves.toEqual(['one', 'one', 'two']);
});

test('nothing is kept once it is answered: the credential knows when a token ends', async () => {
  const { requests, getToken } = createRequests();
  const first = getToken('t1');
  requests[0]?.answer('one');
  await first;
  const second = getToken('t1');
  requests[1]?.answer('two');
  await expect(second).resolves.toBe('two');
});

test('a failure is told to all who asked, and not to the next', async () => {
  const { requests, getToken } = createRequests();
  const asked = [getToken('t1'), getToken('t1')];
  requests[0]?.fail(new Error('refused'));
  for (const one of asked) await expect(one).rejects.toThrow('refused');
  const next = getToken('t1');
  requests[1]?.answer('token');
  await expect(next).resolves.toBe('token');
});
