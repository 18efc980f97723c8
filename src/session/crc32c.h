/* SPDX-License-Identifier: MIT */
/* CRC32C (Castagnoli), the checksum of sessions: polynomial 0x1EDC6F41, reflected. */
#ifndef SESSION_CRC32C_H
#define SESSION_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of n bytes; crc: that of the bytes before, 0 at the start. "123456789" gives 0xE3069283. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);
/* The same without the processor's instruction; for the test that both agree. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t n);

#endif
