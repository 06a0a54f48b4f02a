import { toSetCookie } from '../../../../local/functionsHost/http/httpData';

// Attributes: RFC 6265 section 4.1; a cookie without a path gets "/" as from ASP.NET Core's CookieOptions.
test('a bare cookie is set for the whole site', () => {
  expect(toSetCookie({ name: 'a', value: 'b c' })).toBe('a=b%20c; path=/');
});

test('every attribute is written', () => {
  expect(
    toSetCookie({
      name: 'a',
      value: 'b',
      domain: { value: 'example.com' },
      path: { value: '/p' },
      expires: { value: { seconds: 0 } },
      secure: { value: true },
      httpOnly: { value: true },
      sameSite: 'explicitNone',
      maxAge: { value: 9 },
    }),
  ).toBe(
    'a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=9; domain=example.com; path=/p; secure; samesite=none; httponly',
  );
});
