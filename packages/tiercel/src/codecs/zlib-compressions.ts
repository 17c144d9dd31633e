import * as zlib from 'node:zlib'
import { type ByteSize, sizeBytes } from '../kernel/byte-size.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../kernel/options.ts'
import { type Compression, compressionIds, defaultMinBytes } from './compression.ts'

export interface CompressionOptions {
  /** More is smaller and slower. gzip 1 to 9, brotli 0 to 11, zstd 1 to 19. Default: 1. */
  readonly level?: number
  /** Payloads of fewer bytes are stored as they are: below 4 kB little is gained. Default: `'4kb'`. */
  readonly minBytes?: ByteSize
}

/**
 * Brotli, at level 1 about 200 MB/s: the best of the three where Node has no zstd. Runs on the calling thread, for about as long as
 * `JSON.stringify` of the same value; what does not become at least a tenth smaller is stored as it is.
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}
 */
export function brotli(options: CompressionOptions = {}): Compression {
  const { level, minBytes } = checked(options, 'brotli', 0, 11)
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  return {
    id: compressionIds.brotli,
    name: 'brotli',
    minBytes,
    compress: (bytes) =>
      zlib.brotliCompressSync(bytes, { params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    decompress: (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { maxOutputLength }),
  }
}

/**
 * gzip, at level 1 about 100 MB/s: for readers in other languages. Runs on the calling thread.
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}
 */
export function gzip(options: CompressionOptions = {}): Compression {
  const { level, minBytes } = checked(options, 'gzip', 1, 9)
  return {
    id: compressionIds.gzip,
    name: 'gzip',
    minBytes,
    compress: (bytes) => zlib.gzipSync(bytes, { level }),
    decompress: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength }),
  }
}

/** What Node has from 22.15 and 23.8 on. */
interface ZstdOfNode {
  zstdCompressSync(bytes: Buffer, options: { readonly params: Readonly<Record<number, number>> }): Buffer
  zstdDecompressSync(bytes: Buffer, options: { readonly maxOutputLength: number }): Buffer
  readonly constants: { readonly ZSTD_c_compressionLevel: number }
}

/**
 * zstd, at level 1 about 200 MB/s and quicker to read than the others. Runs on the calling thread.
 *
 * @throws {TIERCEL_UNSUPPORTED} this Node does not have it: 22.15, 23.8 or later is needed
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}
 */
export function zstd(options: CompressionOptions = {}): Compression {
  const { level, minBytes } = checked(options, 'zstd', 1, 19)
  const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as ZstdOfNode
  if (typeof zstdCompressSync !== 'function') {
    throw new UsageError(
      'TIERCEL_UNSUPPORTED',
      `zstd: node:zlib of Node ${process.versions.node} does not have it; 22.15, 23.8 or later does. Use brotli() or gzip(), or hand in a package of your own as { id, compress, decompress }.`,
    )
  }
  return {
    id: compressionIds.zstd,
    name: 'zstd',
    minBytes,
    compress: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
    decompress: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
  }
}

function checked(
  options: CompressionOptions,
  call: string,
  min: number,
  max: number,
): { readonly level: number; readonly minBytes: number } {
  checkOptionNames(options, ['level', 'minBytes'], call)
  return {
    level: wholeNumber(options.level ?? 1, min, max, `${call}.level`),
    minBytes: sizeBytes(options.minBytes ?? defaultMinBytes, `${call}.minBytes`),
  }
}
