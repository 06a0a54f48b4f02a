import { app, type HttpResponseInit } from '@azure/functions';

/** The route is anonymous: its answer says that the app runs, and nothing else. */
const HEALTHY: HttpResponseInit = { status: 200, headers: { 'Cache-Control': 'no-store' }, jsonBody: { status: 'ok' } };

app.http('health', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: () => Promise.resolve(HEALTHY),
});
