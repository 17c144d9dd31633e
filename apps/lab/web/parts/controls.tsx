import { useId } from 'preact/hooks'
import {
  type ChoiceParameter,
  isAllowed,
  type NumberParameter,
  type Parameter,
  type ParameterValue,
  type RangeParameter,
} from '../../scenarios/parameters.ts'
import { Inline } from './inline.tsx'

export interface ControlProps<P extends Parameter = Parameter> {
  readonly name: string
  readonly parameter: P
  readonly value: ParameterValue
  readonly isLocked: boolean
  onChange(value: ParameterValue): void
}

/** The control for a parameter, by its kind. */
export function Control(props: ControlProps) {
  const { parameter } = props
  switch (parameter.kind) {
    case 'choice':
      return <Choice {...props} parameter={parameter} />
    case 'range':
      return <Range {...props} parameter={parameter} />
    case 'number':
      return <WholeNumber {...props} parameter={parameter} />
    case 'toggle':
      return <Toggle {...props} />
  }
}

function Choice({ name, parameter, value, isLocked, onChange }: ControlProps<ChoiceParameter>) {
  const isRich = parameter.options.some(({ about }) => about !== undefined)
  return (
    <fieldset class={isRich ? 'control choice is-rich' : 'control choice'} disabled={isLocked}>
      <legend>{parameter.label}</legend>
      <div class="options">
        {parameter.options.map((option) => (
          <label key={option.value} class="option">
            <input type="radio" name={name} value={option.value} checked={value === option.value} onChange={() => onChange(option.value)} />
            <span>
              <span class="option-label">{option.label}</span>
              {option.about !== undefined && <span class="about">{option.about}</span>}
            </span>
          </label>
        ))}
      </div>
      <About parameter={parameter} />
    </fieldset>
  )
}

function Range({ name, parameter, value, isLocked, onChange }: ControlProps<RangeParameter>) {
  const id = useId()
  const { min, max, step, unit, label } = parameter
  const decimals = String(step).split('.')[1]?.length ?? 0
  const shown = `${Number(value).toFixed(decimals)}${unit === undefined ? '' : ` ${unit}`}`
  const change = (text: string) => onChange(Number(Number(text).toFixed(decimals)))
  return (
    <div class="control">
      <label for={id}>
        {label} <output for={id}>{shown}</output>
      </label>
      <input
        id={id}
        type="range"
        name={name}
        {...{ min, max, step }}
        value={Number(value)}
        disabled={isLocked}
        aria-valuetext={shown}
        aria-describedby={`${id}-about`}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
      <About parameter={parameter} id={`${id}-about`} />
    </div>
  )
}

/** What is not allowed stays in the field, with the reason under it, and is not taken over. */
function WholeNumber({ name, parameter, value, isLocked, onChange }: ControlProps<NumberParameter>) {
  const id = useId()
  const { min, max, unit, label } = parameter
  return (
    <div class="control number">
      <label for={id}>{label}</label>
      <span class="field">
        <input
          id={id}
          type="number"
          name={name}
          inputMode="numeric"
          {...{ min, max }}
          step={1}
          required
          value={Number(value)}
          disabled={isLocked}
          aria-describedby={`${id}-about`}
          onInput={({ currentTarget }) => {
            const number = currentTarget.valueAsNumber
            const isFine = isAllowed(parameter, number)
            currentTarget.setAttribute('aria-invalid', String(!isFine))
            if (isFine) onChange(number)
          }}
        />
        {unit !== undefined && <span class="unit">{unit}</span>}
      </span>
      <p class="about" id={`${id}-about`}>
        {parameter.about !== undefined && <Inline text={parameter.about} />}{' '}
        <span class="allowed">{`${min} to ${max.toLocaleString('en').replaceAll(',', '\u202f')}`}</span>
      </p>
    </div>
  )
}

function Toggle({ name, parameter, value, isLocked, onChange }: ControlProps) {
  const id = useId()
  return (
    <div class="control toggle">
      <label for={id}>
        <input
          id={id}
          type="checkbox"
          name={name}
          checked={value === true}
          disabled={isLocked}
          aria-describedby={`${id}-about`}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
        {parameter.label}
      </label>
      <About parameter={parameter} id={`${id}-about`} />
    </div>
  )
}

function About({ parameter, id }: { parameter: Parameter; id?: string }) {
  if (parameter.about === undefined) return null
  return (
    <p class="about" {...(id === undefined ? {} : { id })}>
      <Inline text={parameter.about} />
    </p>
  )
}
