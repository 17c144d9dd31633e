import type { MiddlewareHandler } from 'hono'

/**
 * Keeps out what has no business here: a page of another site that reaches this port through a name that points to 127.0.0.1 (DNS
 * rebinding), forms and scripts of other sites, and anything that would run or load what is not ours.
 */
export function guard(): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    if (!isLoopback(host)) return context.json({ error: 'This server answers to 127.0.0.1 and localhost only.' }, 403)
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') {
      const origin = context.req.header('origin')
      if (origin !== undefined && origin !== `http://${host}`) return context.json({ error: 'Requests of other sites are refused.' }, 403)
      const type = context.req.header('content-type')?.split(';')[0]?.trim()
      if (type !== 'application/json') return context.json({ error: 'Send application/json.' }, 415)
    }
    await next()
    for (const [name, value] of Object.entries(headers)) context.header(name, value)
  }
}

const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
}

function isLoopback(host: string): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(host)
}
