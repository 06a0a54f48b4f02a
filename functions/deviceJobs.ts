import { app, type HttpRequest } from '@azure/functions';
import { jobHandlers, toResponse } from './answerJobs';

/** Anonymous for the host: the token decides, and the tenant comes from it alone. */
const { search, release, show, act } = jobHandlers(async (request, services, logger) => {
  const admit = await services.admitDevice();
  const verdict = await admit(
    { authorization: request.headers.get('authorization'), caller: callerOf(request) },
    logger,
  );
  if (verdict.outcome === 'admitted') {
    const { tenantId, tokenId, name, printers } = verdict.device;
    return { kind: 'device', by: `device:${tokenId} ${name}`, tenantId, printers };
  }
  const { refusal } = await import('../shared/heldJobs/answers');
  if (verdict.outcome === 'refused') {
    return toResponse(refusal('unauthorized', 'A valid device token is needed.'), { 'WWW-Authenticate': 'Bearer' });
  }
  const tooMany = refusal('tooManyAttempts', 'Too many attempts without a valid device token.');
  return toResponse(tooMany, { 'Retry-After': '60' });
});

const device = { authLevel: 'anonymous' } as const;
app.http('searchHeldJobsOfDevice', { ...device, methods: ['POST'], route: 'device/jobs/search', handler: search });
app.http('releaseHeldJobsOfDevice', { ...device, methods: ['POST'], route: 'device/jobs/release', handler: release });
app.http('showHeldJobOfDevice', { ...device, methods: ['GET'], route: 'device/jobs/{key}', handler: show });
app.http('actOnHeldJobOfDevice', { ...device, methods: ['POST'], route: 'device/jobs/{key}/{action}', handler: act });

/**
 * The address of the caller without its port. The front end of App Service appends it to X-Forwarded-For, so only the last
 * one is not the caller's own word.
 */
function callerOf({ headers }: HttpRequest): string {
  const last = (headers.get('x-forwarded-for') ?? '').split(',').at(-1)?.trim() ?? '';
  return last.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
}
