import { signal } from '@preact/signals'

const dark = matchMedia('(prefers-color-scheme: dark)')

/** Counts the changes between light and dark, for drawings that cannot follow a style sheet. */
export const themeChanges = signal(0)

dark.addEventListener('change', () => {
  themeChanges.value += 1
})

/** A colour of the style sheet, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
