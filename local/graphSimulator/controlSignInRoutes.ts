import { controlNotFound, type ControlRoute } from './controlCall';
import { answerDeviceCode, deviceAnswers } from './deviceSignIn';
import { noticePermissionChange } from './lifecycleNotices';
import { invalidInput, optionalBoolean, optionalString, requireRecord, requireString } from './readFields';
import { userClaims } from './userTokens';

/** Who signs in, and whether the customer still consents. */
export const controlSignInRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/userTokens',
    handle: async ({ simulation, body }) => {
      const order = requireRecord(body);
      const claims = userClaims(simulation, {
        tenantId: requireString(order, 'tenantId').toLowerCase(),
        appId: optionalString(order, 'appId') ?? simulation.appId,
        scopes: optionalString(order, 'scopes') ?? 'Printer.ReadWrite.All',
        isPrinterAdministrator: optionalBoolean(order, 'printerAdministrator') ?? true,
      });
      return { status: 200, body: { token: await simulation.keys.sign(claims) } };
    },
  },
  {
    method: 'GET',
    path: '/deviceCodes',
    handle: ({ simulation }) => ({
      status: 200,
      body: {
        value: [...simulation.world.deviceCodes.values()].map(
          ({ userCode, tenantId, clientId, scopes, expiresAt, answer }) => ({
            userCode,
            tenantId,
            clientId,
            scopes,
            expiresAt,
            ...(answer === undefined ? {} : { answer }),
          }),
        ),
      },
    }),
  },
  {
    method: 'POST',
    path: '/deviceCodes/:code',
    handle: ({ simulation, params, body }) => {
      const as = requireString(requireRecord(body), 'as');
      const answer = deviceAnswers.find((name) => name === as);
      if (!answer) throw invalidInput(`'as' must be one of ${deviceAnswers.join(', ')}.`);
      const signIn = answerDeviceCode(simulation, params['code'] ?? '', answer);
      return signIn
        ? { status: 200, body: { tenantId: signIn.tenantId, as: answer } }
        : controlNotFound('A sign-in that waits for this code');
    },
  },
  {
    method: 'POST',
    path: '/tenants/:tenant/consent',
    handle: ({ simulation, params, body }) => {
      const tenant = simulation.world.tenants.get(params['tenant'] ?? '');
      if (!tenant) return controlNotFound('The tenant');
      const granted = optionalBoolean(requireRecord(body), 'granted');
      if (granted === undefined) throw invalidInput("'granted' is required.");
      tenant.consentRevoked = !granted;
      if (granted) noticePermissionChange(simulation, tenant.id);
      return { status: 200, body: { tenantId: tenant.id, granted } };
    },
  },
];
