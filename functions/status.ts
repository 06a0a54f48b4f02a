import { app } from '@azure/functions';
import { version } from '../shared/version';
import { systemClock } from '../shared/clock';
import { FAILED, toResponse } from './answerJobs';
import { httpHandler } from './handlers';

/** What `status --json` prints, for a monitor that holds a function key. It names customers. */
const status = httpHandler(FAILED, async (_request, { logger }) => {
  const [{ getServices }, { readServiceStatus }] = await Promise.all([
    import('../shared/services'),
    import('../shared/status/serviceStatus'),
  ]);
  const request = { version, now: systemClock.now(), logger };
  return toResponse({ status: 200, body: await readServiceStatus(getServices(process.env), request) });
});

app.http('status', { methods: ['GET'], authLevel: 'function', route: 'status', handler: status });
