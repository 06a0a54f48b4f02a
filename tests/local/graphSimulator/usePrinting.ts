import { startHarness, tenantA } from './harness';
import type { Answer, Harness } from './harness';

/** Starts a simulator for the tests of a file, with a fresh scene before each, and gives the words they speak in. */
export function usePrinting() {
  let harness: Harness;
  let scene: Awaited<ReturnType<Harness['scene']>>;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.simulator.close());
  beforeEach(async () => {
    harness.clock.aheadMs = 0;
    await harness.control.reset();
    scene = await harness.scene();
  });

  const graph = (method: string, path: string, body?: unknown, token?: string) =>
    harness.graph(method, `/print${path}`, body, token === undefined ? {} : { token });
  const taskPath = (taskId: string) => `/taskDefinitions/${scene.definition}/tasks/${taskId}`;

  return {
    harness: () => harness,
    scene: () => scene,
    graph,
    taskPath,
    printPaused: async () => {
      const [job] = await harness.control.print(tenantA, { printerId: scene.triggered });
      if (!job?.taskId) throw new Error('The printer with a trigger started no task.');
      return { jobId: job.jobId, taskId: job.taskId, path: `/printers/${scene.triggered}/jobs/${job.jobId}` };
    },
    finish: (taskId: string, state = 'completed') =>
      graph('PATCH', taskPath(taskId), { status: { state, description: 'done' } }),
    jobState: async (path: string) => (await graph('GET', path)).body,
    values: (answer: Answer) => answer.body['value'] as Record<string, unknown>[],
  };
}
