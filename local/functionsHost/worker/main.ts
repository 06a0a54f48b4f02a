import { HostError, messageOf } from '../hostError';
import type { LogEntry } from '../reporter';
import { invoke } from './invoke';
import { loadApp } from './loadApp';
import type { Call, FromWorker, ToWorker } from './messages';
import { appContext, createWorker, provideCoreModule, runHooks } from './registration';

/** The worker process: loads the app of the folder in its argument and runs functions for the host that started it. */
const [root = ''] = process.argv.slice(2);
const send = (message: FromWorker, sent?: () => void) => process.send?.(message, undefined, undefined, sent);
const log = (entry: LogEntry) => void send({ type: 'log', entry });
const worker = createWorker(log);

// As Microsoft's worker (Worker.ts): an exception that nothing caught ends the process, and so does the loss of the host.
process.on('uncaughtException', (error) => {
  const message = `Worker uncaught exception: ${messageOf(error, 'stack')}`;
  send({ type: 'log', entry: { level: 'critical', category: 'Worker', message } }, () => process.exit(1));
});
process.on('disconnect', () => process.exit(1));
// Ctrl-C in a terminal reaches all its processes. The host decides when the worker ends.
process.on('SIGINT', () => undefined);
process.on('message', (message: ToWorker) => void (message.type === 'invoke' ? run(message.call) : terminate()));

provideCoreModule(worker.coreModule);
try {
  await loadApp(worker, root);
  worker.closeRegistration();
  if (worker.functions.size > 0) await worker.programmingModel().getCapabilities?.({});
  send({ type: 'loaded', functions: [...worker.functions.values()].map(({ metadata }) => metadata) });
} catch (error) {
  const code = error instanceof HostError ? error.code : 'app_not_loaded';
  send({ type: 'notLoaded', code, message: messageOf(error, error instanceof HostError ? 'message' : 'stack') });
}

async function run(call: Call): Promise<void> {
  const { invocationId, name } = call;
  try {
    const target = worker.functions.get(name);
    if (!target) throw new HostError('bad_function', `The worker has no function "${name}".`);
    const { returnValue } = await invoke(worker, target, call);
    send({ type: 'returned', invocationId, response: { returnValue: returnValue ?? null } });
  } catch (error) {
    send({ type: 'threw', invocationId, stack: messageOf(error, 'stack') });
  }
}

async function terminate(): Promise<void> {
  try {
    await runHooks(worker, 'appTerminate', appContext(worker));
  } catch (error) {
    log({ level: 'error', category: 'Worker', message: `appTerminate hook failed: ${messageOf(error, 'stack')}` });
  }
  process.exit(0);
}
