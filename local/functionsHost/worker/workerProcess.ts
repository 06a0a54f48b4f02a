import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createActivity } from '../activity';
import { HostError } from '../hostError';
import type { Reporter } from '../reporter';
import type { FunctionMetadata, InvocationResponse } from './coreTypes';
import type { Call, FromWorker, ToWorker } from './messages';

/** WorkerConstants.WorkerTerminateGracePeriodInSeconds of the host. */
const GRACE_MS = 5_000;

export interface WorkerOptions {
  /** The built program of the worker (worker/main.ts). */
  readonly file: string;
  /** The folder of the app. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly reporter: Reporter;
}

/** One worker process whose app is loaded. */
export interface WorkerProcess {
  readonly functions: readonly FunctionMetadata[];
  /** Runs a function. Rejects with an error of the function's stack, or if the process ends first. */
  invoke(call: Call): Promise<InvocationResponse>;
  /** Fails one call at once. The function continues until the process ends. */
  abandon(invocationId: string, reason: string): void;
  /** Resolves when no call is in progress. */
  idle(): Promise<void>;
  /** Runs the appTerminate hooks and ends the process, after 5 s by force. Calls in progress never settle. */
  terminate(): Promise<void>;
  kill(): void;
  /** Resolves when the process has ended, with how it ended. */
  readonly exited: Promise<string>;
}

/** Starts a worker process and loads the app in it. Throws HostError if the app cannot be loaded. */
export async function startWorkerProcess({ file, root, env, reporter }: WorkerOptions): Promise<WorkerProcess> {
  const child = fork(file, [root], {
    env,
    // Keeps bytes as bytes.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  reporter.event('worker', { pid: child.pid });
  if (child.stdout) {
    const output = createInterface({ input: child.stdout });
    output.on('line', (message) => reporter.log({ level: 'information', category: 'Worker.Console', message }));
  }
  const calls = new Map<string, { resolve: (response: InvocationResponse) => void; reject: (error: Error) => void }>();
  const activity = createActivity();
  // A call that cannot be sent has its answer in the end of the process.
  const send = (message: ToWorker) => void child.send(message, () => undefined);
  const end = (invocationId: string, settle: (call: NonNullable<ReturnType<typeof calls.get>>) => void) => {
    const call = calls.get(invocationId);
    calls.delete(invocationId);
    if (call) settle(call);
  };

  // `close` follows the last line of output, `exit` may precede it.
  const exited = once(child, 'close').then(([code, signal]) => {
    const how = `The worker process ended with ${signal === null ? `code ${code}` : String(signal)}.`;
    for (const id of [...calls.keys()]) end(id, ({ reject }) => reject(new Error(how)));
    return how;
  });
  const functions = await new Promise<readonly FunctionMetadata[]>((resolve, reject) => {
    void exited.then((how) => reject(new HostError('app_not_loaded', how)));
    child.on('error', reject);
    child.on('message', (message: FromWorker) => {
      if (message.type === 'log') reporter.log(message.entry);
      else if (message.type === 'loaded') resolve(message.functions);
      else if (message.type === 'notLoaded') reject(new HostError(message.code, message.message));
      else if (message.type === 'returned') end(message.invocationId, (call) => call.resolve(message.response));
      else end(message.invocationId, (call) => call.reject(new Error(message.stack)));
    });
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });

  return {
    functions,
    exited,
    invoke(call) {
      const answer = new Promise<InvocationResponse>((resolve, reject) => {
        calls.set(call.invocationId, { resolve, reject });
      });
      send({ type: 'invoke', call });
      return activity.track(answer);
    },
    abandon: (invocationId, reason) => end(invocationId, ({ reject }) => reject(new Error(reason))),
    idle: () => activity.idle(),
    async terminate() {
      // A call that is cut has no outcome, so that its message stays invisible.
      calls.clear();
      send({ type: 'terminate' });
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await exited;
      clearTimeout(timer);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
