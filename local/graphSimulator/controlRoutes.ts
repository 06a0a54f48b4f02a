import { controlNotFound, type ControlDeps } from './controlCall';
import { controlDeliveryRoutes } from './controlDeliveryRoutes';
import { controlListRoutes } from './controlListRoutes';
import { controlReportRoutes } from './controlReportRoutes';
import { controlWorldRoutes } from './controlWorldRoutes';
import { controlSignInRoutes } from './controlSignInRoutes';
import { controlTroubleRoutes } from './controlTroubleRoutes';
import { isInvalidInput } from './readFields';
import type { Reply } from './reply';

const routes = [
  ...controlWorldRoutes,
  ...controlDeliveryRoutes,
  ...controlReportRoutes,
  ...controlSignInRoutes,
  ...controlTroubleRoutes,
  ...controlListRoutes,
];

/** Answers a call of the control API (404 for an unknown path, 400 for a bad body). */
export async function answerControl(
  deps: ControlDeps,
  request: { method: string; path: string; query: URLSearchParams; body: unknown },
): Promise<Reply> {
  const segments = request.path.split('/').filter((segment) => segment !== '');
  for (const route of routes) {
    const params = route.method === request.method ? matchPath(route.path, segments) : undefined;
    if (!params) continue;
    try {
      return await route.handle({ ...deps, params, query: request.query, body: request.body });
    } catch (error) {
      if (isInvalidInput(error))
        return { status: 400, body: { error: { code: error.code, message: error.message } } };
      throw error;
    }
  }
  return controlNotFound(`${request.method} /${segments.join('/')}`);
}

function matchPath(template: string, segments: string[]): Record<string, string> | undefined {
  const parts = template.split('/').filter((part) => part !== '');
  if (parts.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(segment).toLowerCase();
    else if (part !== segment) return undefined;
  }
  return params;
}
