import { signal } from '@preact/signals'

export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'scenario'; readonly id: string; readonly query: Readonly<Record<string, string>> }
  | { readonly page: 'unknown' }

export const route = signal<Route>(read())

addEventListener('popstate', () => {
  route.value = read()
})

export function navigate(address: string): void {
  history.pushState(null, '', address)
  route.value = read()
  scrollTo({ top: 0, behavior: 'instant' })
  document.getElementById('main')?.focus({ preventScroll: true })
}

/** Changes the address without leaving the page: the settings live in it. */
export function replaceAddress(address: string): void {
  history.replaceState(null, '', address)
}

/** For links: ordinary clicks stay in the page, everything else is the browser's affair. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  navigate(link.pathname + link.search)
}

function read(): Route {
  const { pathname, search } = location
  if (pathname === '/') return { page: 'home' }
  const id = /^\/scenario\/([a-z0-9-]+)$/.exec(pathname)?.[1]
  return id === undefined ? { page: 'unknown' } : { page: 'scenario', id, query: Object.fromEntries(new URLSearchParams(search)) }
}
