import { app, type HttpHandler, type HttpResponseInit } from '@azure/functions';
import { errorFields } from '../shared/errors';
import { createLogger } from '../shared/logger';

/** The page a customer's administrator lands on after the consent link. It reads the query and stores nothing. */
const consent: HttpHandler = async (request, context): Promise<HttpResponseInit> => {
  const logger = createLogger(context);
  const { consentPage } = await import('../shared/consent/consentPage');
  try {
    const [{ getServices }, { readConsent }] = await Promise.all([
      import('../shared/services'),
      import('../shared/consent/consentLink'),
    ]);
    const { clientStateKeys } = await getServices(process.env).config();
    const verdict = readConsent(clientStateKeys, request.query);
    logger.info('consent.answered', verdict);
    return consentPage(verdict);
  } catch (error) {
    logger.error('consent.failed', errorFields(error));
    return consentPage(undefined);
  }
};

app.http('consent', { methods: ['GET'], authLevel: 'anonymous', route: 'consent', handler: consent });
