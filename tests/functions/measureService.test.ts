import { InvocationContext, type Timer, type TimerHandler } from '@azure/functions';
import { createMeasuredWorld } from '../support/createMeasuredWorld';
import { createActivityMemory } from '../../shared/measurements/activity';
import { createProofMemory } from '../../shared/measurements/proof';
import type { Measurement } from '../../shared/telemetry/catalogue';

const mockServices: Record<string, unknown> = {};
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));
interface Registered {
  schedule: string;
  handler: TimerHandler;
}
const mockTimers = new Map<string, Registered>();
jest.mock('@azure/functions', () => {
  const timer = (name: string, options: Registered) => void mockTimers.set(name, options);
  return { ...jest.requireActual<object>('@azure/functions'), app: { timer } };
});

it('measures the service every five minutes with the meter of the process', async () => {
  const { services, clock } = createMeasuredWorld();
  const measured: Measurement[] = [];
  const memory = { activity: createActivityMemory(clock), proofs: createProofMemory(clock) };
  const measuring = { measure: (one: Measurement) => void measured.push(one), memory, clock };
  Object.assign(mockServices, services, { measuring: () => Promise.resolve(measuring) });
  await import('../../functions/measureService');
  const registered = mockTimers.get('measureService');
  expect(registered?.schedule).toBe('45 */5 * * * *');
  const lines: string[] = [];
  const context = new InvocationContext({
    functionName: 'measureService',
    logHandler: (_level, line: unknown) => void lines.push(String(line)),
  });
  const scheduleStatus = { last: '', next: '', lastUpdated: '' };
  const timer: Timer = { schedule: { adjustForDST: false }, scheduleStatus, isPastDue: false };
  await registered?.handler(timer, context);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({ event: 'service.measured', failed: 0 }),
  );
  expect(measured.map(({ metric }) => metric)).toContain('upr.queues.depth');
});
