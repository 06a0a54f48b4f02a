import { app, type HttpRequest } from '@azure/functions';
import { jobHandlers } from './answerJobs';

/** The function key opens every tenant: it belongs to the vendor's backend. */
const { search, release, show, act } = jobHandlers((request) =>
  Promise.resolve({ kind: 'operator', by: operatorOf(request) }),
);

app.http('searchHeldJobs', { methods: ['POST'], authLevel: 'function', route: 'jobs/search', handler: search });
app.http('releaseHeldJobs', { methods: ['POST'], authLevel: 'function', route: 'jobs/release', handler: release });
app.http('showHeldJob', { methods: ['GET'], authLevel: 'function', route: 'jobs/{tenantId}/{key}', handler: show });
app.http('actOnHeldJob', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'jobs/{tenantId}/{key}/{action}',
  handler: act,
});

/**
 * Who calls, for the record. The host does not pass on the name of a function key. App Service authentication, where it is
 * on, names the caller in a header that callers cannot set (configure-authentication-user-identities).
 */
function operatorOf({ headers }: HttpRequest): string {
  const name = headers.get('x-ms-client-principal-name') ?? '';
  return /^[^\p{C}]{1,128}$/u.test(name) ? `operator:${name}` : 'operator';
}
