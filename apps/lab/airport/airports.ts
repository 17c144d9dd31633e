import { readFileSync } from 'node:fs'

/** A real airport with scheduled service. `data/README.md` says where the table comes from. */
export interface Airport {
  /** 1 for the first line of the table; the `airport_id` of the database. */
  readonly id: number
  readonly iata: string
  readonly icao: string | null
  readonly size: 'large' | 'medium'
  readonly name: string
  readonly city: string | null
  readonly country: string
  readonly continent: string
  readonly latitude: number
  readonly longitude: number
}

export const airports: readonly Airport[] = readFileSync(new URL('data/airports.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map(parse)

function parse(line: string, index: number): Airport {
  const [iata, icao, size, name, city, country, continent, latitude, longitude] = line.split('\t') as string[]
  return {
    id: index + 1,
    iata: iata as string,
    icao: icao || null,
    size: size === 'large' ? 'large' : 'medium',
    name: name as string,
    city: city || null,
    country: country as string,
    continent: continent as string,
    latitude: Number(latitude),
    longitude: Number(longitude),
  }
}
