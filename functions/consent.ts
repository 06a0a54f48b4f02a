import { app } from '@azure/functions';
import { systemClock } from '../shared/clock';
import { consentPage } from '../shared/consent/consentPage';
import { httpHandler } from './handlers';

/** The page a customer's administrator lands on after the consent link. It stores nothing. */
const consent = httpHandler(consentPage(undefined), async (request, { logger }) => {
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
});

app.http('consent', { methods: ['GET'], authLevel: 'anonymous', route: 'consent', handler: consent });
