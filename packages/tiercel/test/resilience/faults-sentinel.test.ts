import { everyFaultOn } from './faults.suite.ts'
import { openSentinel } from './topologies.ts'

everyFaultOn('Sentinel', openSentinel)
