// Child processes of the commands, and what happens to them on Ctrl-C.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const killAfterMs = 15_000
const parentPollMs = 500
const echoMs = 500
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
const isWindows = process.platform === 'win32'

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()
/** @type {Set<() => void>} */
const cleanups = new Set()
/** @type {NodeJS.Signals | undefined} */
let stoppedBy
let stoppedAtMs = 0

for (const signal of signals) process.on(signal, () => stop(signal))
if (process.env.npm_lifecycle_event !== undefined) stopWithParent()

/** Runs `cleanup` when a signal ends this process. Returns the function that forgets it. */
export function onStop(cleanup) {
  cleanups.add(cleanup)
  return () => cleanups.delete(cleanup)
}

/** Runs a command quietly; its whole output is in the answer. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1' }
    const child = track(spawn(command, args, { env, ...options, stdio: ['ignore', 'pipe', 'pipe'] }))
    let output = ''
    const collect = (chunk) => {
      output += chunk
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('error', (error) => resolve({ code: 127, output: String(error.message) }))
    child.on('close', (code, signal) => unlessStopped(() => resolve({ code: exitCode(code, signal), output })))
  })
}

/** Runs a command with this process's terminal. Answers with its exit code. */
export function runAttached(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = track(spawn(command, args, { ...options, stdio: 'inherit' }))
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`)
      resolve(127)
    })
    child.on('exit', (code, signal) => unlessStopped(() => resolve(exitCode(code, signal))))
  })
}

/** The arguments of `node` that run a TypeScript file. */
export function typescriptArgs(file, args) {
  return ['--import', import.meta.resolve('tsx'), file, ...args]
}

/**
 * Runs a TypeScript program to its end and leaves with its exit code.
 *
 * The program is in a process group of its own, so that Ctrl-C reaches it once, from here, and not also from the terminal; the
 * pipe on descriptor 3 tells it when this process is gone in a way that sends no signal (`lifeline.mjs`).
 */
export async function runProgram(file, args) {
  const lifeline = new URL('lifeline.mjs', import.meta.url).href
  const child = track(
    spawn(process.execPath, ['--import', lifeline, ...typescriptArgs(file, args)], {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      detached: !isWindows,
      env: { ...process.env, TIERCEL_LIFELINE_OF: String(process.pid) },
    }),
    { hasOwnGroup: true },
  )
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (exit, signal) => resolve(exitCode(exit, signal)))
  })
  // A program that was told to stop and did is no failure; npm would print an essay.
  const isStopped = stoppedBy !== undefined && [130, 143, 129].includes(code)
  process.exit(isStopped ? 0 : code)
}

function track(child, { hasOwnGroup = false } = {}) {
  child.hasOwnGroup = hasOwnGroup
  children.add(child)
  child.on('exit', () => children.delete(child))
  child.on('error', () => children.delete(child))
  return child
}

/** npm that is killed cannot pass anything on. */
function stopWithParent() {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop('SIGTERM')
  }, parentPollMs)
  timer.unref()
}

/** The first signal is passed on; another one, when that takes too long, kills. Ctrl-C comes twice at once: from the terminal and from npm. */
function stop(signal) {
  if (stoppedBy !== undefined) {
    if (performance.now() - stoppedAtMs > echoMs) killAll()
    return
  }
  stoppedBy = signal
  stoppedAtMs = performance.now()
  // Ctrl-C in a terminal has already reached every process of this group.
  const isFromTerminal = signal === 'SIGINT' && process.stdin.isTTY
  for (const child of children) {
    if (child.hasOwnGroup || !isFromTerminal) child.kill(signal)
  }
  setTimeout(killAll, killAfterMs).unref()
  const isProgram = [...children].some((child) => child.hasOwnGroup)
  if (!isProgram) void leaveWhenAlone()
}

function killAll() {
  for (const child of children) {
    if (child.hasOwnGroup && !isWindows) killGroup(child.pid)
    else child.kill('SIGKILL')
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** On the way out nothing that waits for a child goes on, and so nothing starts the next one. */
function unlessStopped(goOn) {
  if (stoppedBy === undefined) goOn()
}

async function leaveWhenAlone() {
  await Promise.all([...children].map((child) => new Promise((resolve) => child.on('exit', resolve))))
  for (const cleanup of cleanups) cleanup()
  process.exit(exitCode(null, stoppedBy))
}

function exitCode(code, signal) {
  if (code !== null) return code
  return 128 + (constants.signals[signal] ?? 0)
}
