/**
 * The tables of the airport, for PostgreSQL. Names of tables and columns follow the "Flughafen DB by Stefan Pröll, Eva Zangerle,
 * Wolfgang Gassler", CC BY 4.0, doi 10.5281/zenodo.3968361, so that queries written for it need little change. Changed here: types of
 * PostgreSQL, English words in the value lists, keys and indexes where the original has none, no log and no reachability table.
 */

/** Raised whenever a row, a column or an index comes out differently: prepared data of other versions are not used. */
export const schemaVersion = 1

/** The PostgreSQL schema that holds everything; nothing outside it is touched. */
export const schemaName = 'airportdb'

export interface Table {
  /** Column name → type. A name that SQL reserves is quoted where it is used. */
  readonly columns: Readonly<Record<string, string>>
  readonly constraints: readonly string[]
  readonly indexes: readonly string[]
}

/** In the order in which they are filled. */
export const tables = {
  airport: {
    columns: { airport_id: 'integer', iata: 'char(3)', icao: 'char(4)', name: 'varchar(100)' },
    constraints: ['PRIMARY KEY (airport_id)', 'UNIQUE (icao)', 'UNIQUE (iata)'],
    indexes: [],
  },
  airport_geo: {
    columns: {
      airport_id: 'integer',
      name: 'varchar(100)',
      city: 'varchar(50)',
      country: 'varchar(50)',
      latitude: 'numeric(11,8)',
      longitude: 'numeric(11,8)',
      geolocation: 'point',
    },
    constraints: ['PRIMARY KEY (airport_id)', 'FOREIGN KEY (airport_id) REFERENCES airport'],
    indexes: ['USING gist (geolocation)'],
  },
  airline: {
    columns: { airline_id: 'integer', iata: 'char(2)', airlinename: 'varchar(30)', base_airport: 'integer' },
    constraints: ['PRIMARY KEY (airline_id)', 'UNIQUE (iata)', 'FOREIGN KEY (base_airport) REFERENCES airport'],
    indexes: ['(base_airport)'],
  },
  airplane_type: {
    columns: { type_id: 'integer', identifier: 'varchar(50)', description: 'text' },
    constraints: ['PRIMARY KEY (type_id)'],
    indexes: [],
  },
  airplane: {
    columns: { airplane_id: 'integer', capacity: 'integer', type_id: 'integer', airline_id: 'integer' },
    constraints: [
      'PRIMARY KEY (airplane_id)',
      'FOREIGN KEY (type_id) REFERENCES airplane_type',
      'FOREIGN KEY (airline_id) REFERENCES airline',
    ],
    indexes: ['(type_id)', '(airline_id)'],
  },
  flightschedule: {
    columns: {
      flightno: 'varchar(8)',
      from: 'integer',
      to: 'integer',
      departure: 'time',
      arrival: 'time',
      airline_id: 'integer',
      monday: 'boolean',
      tuesday: 'boolean',
      wednesday: 'boolean',
      thursday: 'boolean',
      friday: 'boolean',
      saturday: 'boolean',
      sunday: 'boolean',
    },
    constraints: [
      'PRIMARY KEY (flightno)',
      'FOREIGN KEY ("from") REFERENCES airport',
      'FOREIGN KEY ("to") REFERENCES airport',
      'FOREIGN KEY (airline_id) REFERENCES airline',
    ],
    indexes: ['("from")', '("to")', '(airline_id)'],
  },
  flight: {
    columns: {
      flight_id: 'integer',
      flightno: 'varchar(8)',
      from: 'integer',
      to: 'integer',
      departure: 'timestamp',
      arrival: 'timestamp',
      airline_id: 'integer',
      airplane_id: 'integer',
    },
    constraints: [
      'PRIMARY KEY (flight_id)',
      'FOREIGN KEY (flightno) REFERENCES flightschedule',
      'FOREIGN KEY ("from") REFERENCES airport',
      'FOREIGN KEY ("to") REFERENCES airport',
      'FOREIGN KEY (airline_id) REFERENCES airline',
      'FOREIGN KEY (airplane_id) REFERENCES airplane',
    ],
    indexes: ['(flightno)', '("from")', '("to")', '(departure)', '(arrival)', '(airline_id)', '(airplane_id)'],
  },
  passenger: {
    columns: { passenger_id: 'integer', passportno: 'char(9)', firstname: 'varchar(100)', lastname: 'varchar(100)' },
    constraints: ['PRIMARY KEY (passenger_id)', 'UNIQUE (passportno)'],
    indexes: [],
  },
  passengerdetails: {
    columns: {
      passenger_id: 'integer',
      birthdate: 'date',
      sex: 'char(1)',
      street: 'varchar(100)',
      city: 'varchar(100)',
      zip: 'smallint',
      country: 'varchar(100)',
      emailaddress: 'varchar(120)',
      telephoneno: 'varchar(30)',
    },
    constraints: ['PRIMARY KEY (passenger_id)', 'FOREIGN KEY (passenger_id) REFERENCES passenger'],
    indexes: [],
  },
  booking: {
    columns: { booking_id: 'integer', flight_id: 'integer', seat: 'varchar(4)', passenger_id: 'integer', price: 'numeric(10,2)' },
    constraints: [
      'PRIMARY KEY (booking_id)',
      'UNIQUE (flight_id, seat)',
      'FOREIGN KEY (flight_id) REFERENCES flight',
      'FOREIGN KEY (passenger_id) REFERENCES passenger',
    ],
    indexes: ['(passenger_id)'],
  },
  employee: {
    columns: {
      employee_id: 'integer',
      firstname: 'varchar(100)',
      lastname: 'varchar(100)',
      birthdate: 'date',
      sex: 'char(1)',
      street: 'varchar(100)',
      city: 'varchar(100)',
      zip: 'smallint',
      country: 'varchar(100)',
      emailaddress: 'varchar(120)',
      telephoneno: 'varchar(30)',
      salary: 'numeric(8,2)',
      department: 'varchar(20)',
      username: 'varchar(20)',
      password: 'char(32)',
    },
    constraints: [
      'PRIMARY KEY (employee_id)',
      'UNIQUE (username)',
      "CHECK (department IN ('marketing', 'accounting', 'management', 'logistics', 'airfield'))",
    ],
    indexes: [],
  },
  weatherdata: {
    columns: {
      log_date: 'date',
      time: 'time',
      station: 'integer',
      temp: 'numeric(3,1)',
      humidity: 'numeric(4,1)',
      airpressure: 'numeric(10,2)',
      wind: 'numeric(5,2)',
      weather: 'varchar(20)',
      winddirection: 'smallint',
    },
    constraints: [
      'PRIMARY KEY (log_date, time, station)',
      "CHECK (weather IN ('fog', 'rain', 'thunderstorm', 'snow', 'rain and snow', 'rain and fog', 'rain and thunder'))",
    ],
    indexes: ['(station)'],
  },
} as const satisfies Record<string, Table>

export type TableName = keyof typeof tables

export const tableNames = Object.keys(tables) as readonly TableName[]

export function columnsOf(table: TableName): readonly (readonly [name: string, type: string])[] {
  return Object.entries(tables[table].columns)
}

/**
 * A row as `row_to_json` gives it: numbers for numbers, `2026-06-01T05:30:00` for a timestamp (all are UTC), text for the rest.
 * Text may be null.
 */
export type Row<T extends TableName = TableName> = {
  readonly [C in keyof (typeof tables)[T]['columns']]: ValueOf<(typeof tables)[T]['columns'][C]>
}

type ValueOf<Type> = Type extends 'boolean' ? boolean : Type extends 'integer' | 'smallint' | `numeric${string}` ? number : string | null
