import { app, type HttpHandler, type HttpResponseInit } from '@azure/functions';
import { systemClock } from '../shared/clock';
import { errorFields } from '../shared/errors';
import { createLogger } from '../shared/logger';

/** The page a customer's administrator lands on after the consent link. It stores nothing. */
const consent: HttpHandler = async (request, context): Promise<HttpResponseInit> => {
  const logger = createLogger(context);
  const { consentPage } = await import('../shared/consent/consentPage');
  try {
    const [{ getServices }, { readConsent }] = await Promise.all([
      import('../shared/services'),
      import('../shared/consent/consentLink'),
    ]);
    const services = getServices(process.env);
    const { clientStateKeys } = await services.config();
    const claimed = readConsent(clientStateKeys, request.query, systemClock.now());
    const verdict = claimed.outcome === 'unconfirmed' ? await (await services.confirmConsent())(claimed) : claimed;
    logger.info('consent.answered', verdict);
    return consentPage(verdict);
  } catch (error) {
    logger.error('consent.failed', errorFields(error));
    return consentPage(undefined);
  }
};

app.http('consent', { methods: ['GET'], authLevel: 'anonymous', route: 'consent', handler: consent });
