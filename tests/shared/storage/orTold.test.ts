import { ReceiverError } from '../../../shared/errors';
import { orTold } from '../../../shared/storage/orTold';

describe('orTold', () => {
  it('gives what was parsed, tells an error of ours, and throws every other', () => {
    const ours = new ReceiverError('rowUnreadable', 'words');
    const told: ReceiverError[] = [];
    const tell = (error: ReceiverError) => told.push(error);
    const fail = (error: Error) => () => {
      throw error;
    };
    expect(orTold(() => 7, tell)).toBe(7);
    expect(orTold(fail(ours), tell)).toBeUndefined();
    expect(() => orTold(fail(new TypeError('a mistake of ours')), tell)).toThrow(TypeError);
    expect(told).toEqual([ours]);
  });
});
