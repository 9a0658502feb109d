// CRC-32 as in zip, gzip and PNG (ISO 3309), eight bytes at a time through eight tables ("slicing by 8").

struct CRC32: Digest {
  private var remainder: UInt32 = 0xFFFF_FFFF

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    Self.tables.withUnsafeBufferPointer { tables in
      var crc = remainder
      var offset = 0
      // Indexes are a table's number times 256 plus a byte: below 2048.
      while offset + 8 <= bytes.count {
        let word =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
        crc = 0
        for index in 0..<8 {
          crc ^= tables[(7 &- index) &* 256 &+ Int(truncatingIfNeeded: word >> UInt64(index &* 8) & 0xFF)]
        }
        offset += 8
      }
      while offset < bytes.count {
        crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[offset])) & 0xFF)]
        offset += 1
      }
      remainder = crc
    }
  }

  mutating func finish() -> [UInt8] {
    withUnsafeBytes(of: (~remainder).bigEndian) { Array($0) }
  }

  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
      tables[byte] = crc
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()
}
