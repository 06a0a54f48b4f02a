import type { HttpCookie } from '../worker/coreTypes';

const SAME_SITE = { none: undefined, lax: 'lax', strict: 'strict', explicitNone: 'none' } as const;

/** The Set-Cookie header of one cookie of a response, attributes in the order in which ASP.NET Core writes them. */
export function toSetCookie(cookie: HttpCookie): string {
  const expires = cookie.expires?.value?.seconds;
  const sameSite = SAME_SITE[cookie.sameSite ?? 'none'];
  const attributes: (string | undefined)[] = [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    typeof expires === 'number' ? `expires=${new Date(expires * 1000).toUTCString()}` : undefined,
    typeof cookie.maxAge?.value === 'number' ? `max-age=${cookie.maxAge.value}` : undefined,
    cookie.domain?.value ? `domain=${cookie.domain.value}` : undefined,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value === true ? 'secure' : undefined,
    sameSite === undefined ? undefined : `samesite=${sameSite}`,
    cookie.httpOnly?.value === true ? 'httponly' : undefined,
  ];
  return attributes.filter((attribute) => attribute !== undefined).join('; ');
}
