import { everyFaultOn } from './faults.suite.ts'
import { openStandalone } from './topologies.ts'

everyFaultOn('standalone', openStandalone)
