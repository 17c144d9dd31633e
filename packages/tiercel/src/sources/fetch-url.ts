import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import type { SourceParams } from './source.ts'

const placeholder = /\{([^{}]*)\}/g

/**
 * The URLs of a template, such as `https://shop.example/products/{id}`. Parameters are encoded, so that none leaves its place; where one would be
 * the whole of a segment, `.`, `..` and no text at all are refused, because they name other places however they are encoded.
 *
 * @throws {TIERCEL_INVALID_OPTION} not an absolute URL, or the parameters are not in its path or query
 */
export function urlTemplate<Params extends SourceParams>(template: string, option: string): (params: Params) => string {
  const [before = ''] = template.split('{')
  if (!URL.canParse(template) || !/^https?:\/\/[^/?#]+[/?]/.test(before)) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(template)} is no absolute URL with parameters in its path or query.`)
  }
  return (params) => template.replaceAll(placeholder, (_, name: string) => encoded(params, name))
}

function encoded(params: SourceParams, name: string): string {
  const given = params[name]
  const text = given === undefined ? '' : `${given}`
  if (text !== '' && text !== '.' && text !== '..') return encodeURIComponent(text)
  throw new UsageError('TIERCEL_INVALID_KEY', `There is no URL for the parameter ${show(name)}: it is ${show(given)}.`)
}
