// Imported first by every command: says what is needed before anything newer than this file is run.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isEnough = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)

if (!isEnough) {
  process.stderr.write(
    `Tiercel needs Node 20.19 or newer in the 20 line, or 22.12 or newer. This is Node ${process.versions.node} (${process.execPath}).\n`,
  )
  process.exit(1)
}
