import { UsageError } from '../kernel/errors.ts'
import { isOverlapping, type KeyTemplate } from '../kernel/key-template.ts'
import { show } from '../kernel/show.ts'

/** The key templates of one namespace, so that no two of different owners can produce the same key. */
export class Declarations {
  readonly #declared: { readonly template: KeyTemplate; readonly owner: object }[] = []

  /**
   * @param owner what stands behind the template: its definition, or its function. The same one may declare it again, as a handle per request does.
   * @throws {TIERCEL_TEMPLATE_CONFLICT}
   */
  add(template: KeyTemplate, owner: object, what: string): void {
    const other = this.#declared.find((declared) => isOverlapping(declared.template, template))
    if (other === undefined) {
      this.#declared.push({ template, owner })
      return
    }
    if (other.owner === owner && other.template.text === template.text) return
    const same = other.template.text === template.text
    throw new UsageError(
      'TIERCEL_TEMPLATE_CONFLICT',
      same
        ? `${what}: ${show(template.text)} is declared already. Declare it once and share it; its own definition object may come again.`
        : `${what}: ${show(template.text)} can produce a key of ${show(other.template.text)}, which is declared already. Give one of them a field of its own.`,
    )
  }
}
