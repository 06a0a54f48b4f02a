import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Answer } from '../shared/heldJobs/answers';
import type { Caller, HeldJobsDeps, JobAddress } from '../shared/heldJobs/actOnHeldJobs';
import type { Logger } from '../shared/logger';
import type { Services } from '../shared/services';
import { httpHandler } from './handlers';

/** The answer holds data of a tenant and depends on the caller. */
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
const RETRY_AFTER_SECONDS = 5;

/** Nothing is known about the outcome: the caller repeats the request. */
export const FAILED: HttpResponseInit = {
  status: 503,
  headers: { ...HEADERS, 'Retry-After': String(RETRY_AFTER_SECONDS) },
  jsonBody: { error: { code: 'unavailable', message: 'The request could not be completed. Send it again.' } },
};

interface JobCall {
  deps: HeldJobsDeps;
  caller: Caller;
  request: HttpRequest;
}

type Admit = (request: HttpRequest, services: Services, logger: Logger) => Promise<Caller | HttpResponseInit>;

/**
 * A route of held jobs. Everything it needs is loaded by its first call.
 *
 * @param admit who calls, or the answer to a caller that is not admitted
 */
function jobHandler(admit: Admit, work: (call: JobCall) => Promise<HttpResponseInit>): HttpHandler {
  return httpHandler(FAILED, async (request, { logger }) => {
    const { getServices } = await import('../shared/services');
    const services = getServices(process.env);
    const caller = await admit(request, services, logger);
    if (!('kind' in caller)) return caller;
    return work({ deps: { ...(await services.heldJobs()), logger }, caller, request });
  });
}

/** The four routes of one kind of caller. */
export function jobHandlers(admit: Admit) {
  return {
    search: jobHandler(admit, async (call) => {
      const { searchJobs } = await import('../shared/heldJobs/actOnHeldJobs');
      return withBody(call, (body) => searchJobs(call.deps, call.caller, body));
    }),
    release: jobHandler(admit, async (call) => {
      const { releaseJobs } = await import('../shared/heldJobs/actOnHeldJobs');
      return withBody(call, (body) => releaseJobs(call.deps, call.caller, body));
    }),
    show: jobHandler(admit, async ({ deps, caller, request }) => {
      const { showJob } = await import('../shared/heldJobs/actOnHeldJobs');
      return toResponse(await showJob(deps, caller, addressOf(request)));
    }),
    act: jobHandler(admit, async (call) => {
      const [{ actOnJob }, { WISH_ACTIONS }, { refusal }] = await Promise.all([
        import('../shared/heldJobs/actOnHeldJobs'),
        import('../shared/jobs/wishes'),
        import('../shared/heldJobs/answers'),
      ]);
      const { deps, caller, request } = call;
      const action = WISH_ACTIONS.find((one) => one === request.params['action']);
      if (!action) return toResponse(refusal('notFound', `The actions are ${WISH_ACTIONS.join(', ')}.`));
      return withBody(call, (body) => actOnJob(deps, caller, { ...addressOf(request), action }, body));
    }),
  };
}

/** The answer of a route as the library takes it. */
export function toResponse({ status, body }: Answer, headers: Record<string, string> = {}): HttpResponseInit {
  return { status, headers: { ...HEADERS, ...headers }, jsonBody: body };
}

async function withBody({ request }: JobCall, work: (body: string) => Promise<Answer>): Promise<HttpResponseInit> {
  const [{ MOST_BODY_BYTES }, { refusal }] = await Promise.all([
    import('../shared/heldJobs/requests'),
    import('../shared/heldJobs/answers'),
  ]);
  const tooLarge = () => toResponse(refusal('tooLarge', `The body has more than ${MOST_BODY_BYTES} bytes.`));
  // The host passes on no body without a length (azure-functions-host#4926), so what the caller asks would be lost.
  if (request.headers.has('transfer-encoding')) {
    return toResponse(refusal('lengthRequired', 'The request needs the header Content-Length.'));
  }
  if (Number(request.headers.get('content-length')) > MOST_BODY_BYTES) return tooLarge();
  const body = Buffer.from(await request.arrayBuffer());
  if (body.byteLength > MOST_BODY_BYTES) return tooLarge();
  return toResponse(await work(body.toString('utf8')));
}

function addressOf({ params }: HttpRequest): JobAddress {
  const { tenantId, key = '' } = params;
  return { ...(tenantId === undefined ? {} : { tenant: tenantId }), key };
}
