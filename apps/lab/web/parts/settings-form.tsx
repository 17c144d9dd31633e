import { defaultSeed, largestSeed, type NumberParameter, type ParameterSchema, type Settings } from '../../scenarios/parameters.ts'
import { Control } from './controls.tsx'

const seedParameter: NumberParameter = {
  kind: 'number',
  label: 'Seed',
  about: 'Decides every random choice.',
  min: 0,
  max: largestSeed,
  default: defaultSeed,
}

export interface SettingsFormProps {
  readonly schema: ParameterSchema
  readonly settings: Settings
  readonly isLocked: boolean
  onChange(settings: Settings): void
}

/** The settings of a run, made from the schema: the usual ones in sight, the rest a click away. */
export function SettingsForm({ schema, settings, isLocked, onChange }: SettingsFormProps) {
  const { parameters, seed } = settings
  const control = (name: string) => {
    const parameter = schema[name]
    const value = parameters[name]
    if (parameter === undefined || value === undefined) return null
    const change = (changed: typeof value) => onChange({ seed, parameters: { ...parameters, [name]: changed } })
    return <Control key={name} {...{ name, parameter, value, isLocked }} onChange={change} />
  }
  const names = Object.keys(schema)
  return (
    <form class="settings" onSubmit={(event) => event.preventDefault()}>
      <div class="settings-main">{names.filter((name) => schema[name]?.isDetail === undefined).map(control)}</div>
      <details class="settings-more">
        <summary>More settings</summary>
        <div class="settings-grid">
          {names.filter((name) => schema[name]?.isDetail === true).map(control)}
          <Control
            name="seed"
            parameter={seedParameter}
            value={seed}
            isLocked={isLocked}
            onChange={(changed) => onChange({ parameters, seed: Number(changed) })}
          />
        </div>
      </details>
    </form>
  )
}
