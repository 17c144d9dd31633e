import { drawAirport } from './gravity.ts'
import { familyNames, mensNames, streetNames, womensNames } from './names.ts'
import { Random } from './random.ts'
import type { Row } from './schema.ts'

/** Nobody who lives: names are drawn from lists, mail goes to example.org, telephone numbers are of the range kept for fiction. */
interface Person {
  readonly sex: 'w' | 'm'
  readonly firstname: string
  readonly lastname: string
}

function personOf(random: Random): Person {
  const sex = random.next() < 0.5 ? 'w' : 'm'
  return { sex, firstname: random.pick(sex === 'w' ? womensNames : mensNames), lastname: random.pick(familyNames) }
}

const passportNumbers = 100_000_000
/** Prime to the above: different passengers have different numbers. */
const passportStride = 48_271_037

export function passengerRow(n: number, seed: number): Row<'passenger'> {
  const { firstname, lastname } = personOf(new Random(seed, 'passenger', n))
  const passport = Number((BigInt(n) * BigInt(passportStride)) % BigInt(passportNumbers))
  return { passenger_id: n, passportno: `P${String(passport).padStart(8, '0')}`, firstname, lastname }
}

export function passengerDetailsRow(n: number, seed: number): Row<'passengerdetails'> {
  const person = personOf(new Random(seed, 'passenger', n))
  return { passenger_id: n, ...particulars(person, `${n}`, new Random(seed, 'passengerdetails', n)) }
}

function particulars(person: Person, suffix: string, random: Random) {
  const home = drawAirport(random)
  return {
    birthdate: birthdate(random),
    sex: person.sex,
    street: `${1 + random.below(180)} ${random.pick(streetNames)} Street`,
    city: home.city ?? home.name,
    zip: 1000 + random.below(9000),
    country: home.country,
    emailaddress: `${plain(person.firstname)}.${plain(person.lastname)}.${suffix}@example.org`,
    telephoneno: `555-01${String(random.below(100)).padStart(2, '0')}`,
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '')
}

function birthdate(random: Random): string {
  const dayMs = 86_400_000
  const day = random.below(70 * 365)
  return new Date(Date.UTC(1938, 0, 1) + day * dayMs).toISOString().slice(0, 10)
}

const departments = ['marketing', 'accounting', 'management', 'logistics', 'airfield'] as const
const hexadecimal = '0123456789abcdef'

export function employeeRow(n: number, seed: number): Row<'employee'> {
  const random = new Random(seed, 'employee', n)
  const person = personOf(random)
  return {
    employee_id: n,
    firstname: person.firstname,
    lastname: person.lastname,
    ...particulars(person, `e${n}`, random),
    salary: 2000 + random.below(6000),
    department: random.pick(departments),
    username: `${plain(person.lastname).slice(0, 12)}${n}`,
    // The original keeps a hash here. This is the hash of nothing.
    password: Array.from({ length: 32 }, () => random.pick([...hexadecimal])).join(''),
  }
}
