/* Inflating what is compressed by zlib (RFC 1950, RFC 1951), when it is known how much comes out.

   Objects of git are small: what decides is how fast the tables of a block are made and how little is
   asked for each byte. Therefore both buffers have room behind their ends, and one look at the begin of
   a round suffices for all that the round reads and writes.

   Whatever is odd is refused, even what zlib would still take: who calls asks it then. */

#ifndef KEYMUSTER_INFLATE_H
#define KEYMUSTER_INFLATE_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BEHIND_COMPRESSED 32 /* bytes that may be read, of any value */
#define BEHIND_INFLATED 320  /* bytes that may be written: three literals, the longest match, a word */

#define LITERALS 288
#define DISTANCES 32
#define LENGTHS 19
#define LONGEST_CODE 15
#define LITERAL_BITS 10
#define DISTANCE_BITS 8
#define LENGTH_BITS 7
#define LITERAL_ROOM 2048 /* of a table with those behind it for longer codes; more is refused */
#define DISTANCE_ROOM 1024

/* An entry of a table. Of a literal or a number: what it is (from bit 16), bits of the code (from bit 8),
   and bits with those that are added to it (from bit 0). Of a table for longer codes: where it
   begins (from bit 16), the bits of its places (from bit 8), and those of this one's. */
#define LITERAL 0x80000000u
#define TABLE 0x8000u
#define END 0x4000u
#define WRONG 0x2000u

typedef struct {
    uint32_t literals[LITERAL_ROOM], distances[DISTANCE_ROOM], lengths[1 << LENGTH_BITS];
    uint32_t fixed_literals[LITERAL_ROOM], fixed_distances[DISTANCE_ROOM], meaning[LITERALS];
    int has_begun;
} Inflater;

typedef struct {
    const uint8_t *at, *end;
    uint64_t held; /* bits that were read, the next one lowest */
    unsigned bits; /* how many are sure; of those above, all are right that are not zero */
} Bits;

static inline uint64_t inflate_word(const uint8_t *at)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
#else
    uint64_t value = 0;
    for (int byte = 0; byte < 8; byte++)
        value |= (uint64_t)at[byte] << 8 * byte;
    return value;
#endif
}

/* Have at least 56 bits. It reads 8 bytes, and goes on by 7 at most. */
static inline void fill(Bits *from)
{
    from->held |= inflate_word(from->at) << from->bits;
    from->at += (63 - from->bits) >> 3;
    from->bits |= 56;
}

static inline unsigned taken(Bits *from, unsigned count)
{
    unsigned value = (unsigned)(from->held & ((1u << count) - 1));
    from->held >>= count;
    from->bits -= count;
    return value;
}

/* Make the table of a code from the length of the code of each symbol. `meaning` has of each symbol what
   its entry says besides the bits of the code, as if they were none. It fails if the lengths leave codes over
   or have too many, but for one symbol alone, or none, where the `rest` may be wrong. */
static int tabled(uint32_t *table, unsigned room, unsigned bits, const uint8_t *lengths, unsigned symbols,
                  const uint32_t *meaning, int rest)
{
    unsigned counts[LONGEST_CODE + 1] = {0}, first[LONGEST_CODE + 2], used = 0;
    uint16_t sorted[LITERALS];
    for (unsigned one = 0; one < symbols; one++)
        counts[lengths[one]]++;
    unsigned unused = counts[0], longest = LONGEST_CODE;
    counts[0] = 0;
    for (unsigned length = 1, place = 0; length <= LONGEST_CODE; length++) {
        first[length] = place;
        place += counts[length];
        used = (used << 1) + counts[length];
    }
    if (used != 1u << LONGEST_CODE) {
        int is_single = unused + 1 == symbols && counts[1] == 1;
        if (!rest || (unused != symbols && !is_single))
            return -1;
        for (unsigned place = 0; place < 1u << bits; place++)
            table[place] = WRONG;
        for (unsigned one = 0; one < symbols; one++)
            for (unsigned place = 0; lengths[one] && place < 1u << bits; place += 2)
                table[place] = meaning[one] + 0x0101u;
        return 0;
    }
    while (!counts[longest])
        longest--;
    for (unsigned one = 0; one < symbols; one++)
        if (lengths[one])
            sorted[first[lengths[one]]++] = (uint16_t)one;
    /* the codes of each length ascend, read from the lowest bit of a place; a table for codes of one
       bit more is the one there is, twice */
    unsigned code = 0, length = 1, next = 0, size = 2, end = 1u << bits, begin = 0, places = 0;
    while (!counts[length])
        length++, size <<= 1;
    unsigned left = counts[length];
    for (; length <= bits; left = counts[length], size <<= 1) {
        for (; left; left--) {
            table[code] = meaning[sorted[next++]] + length * 0x0101u;
            if (code == size - 1) { /* all are ones: it was the last */
                for (; size < end; size <<= 1)
                    memcpy(table + size, table, size * sizeof *table);
                return 0;
            }
            unsigned bit = size >> 1; /* one is added to the code, whose highest bit is the lowest */
            while (code & bit)
                bit >>= 1;
            code = (code & (bit - 1)) | bit;
        }
        if (++length > bits)
            break;
        memcpy(table + size, table, size * sizeof *table);
    }
    left = length <= LONGEST_CODE ? counts[length] : 0;
    unsigned low = UINT32_MAX;
    for (;; left--) {
        while (!left) {
            if (++length > longest)
                return -1;
            left = counts[length];
        }
        if ((code & ((1u << bits) - 1)) != low) {
            low = code & ((1u << bits) - 1);
            begin = end;
            places = length - bits;
            /* as many places as the codes need that begin with the same bits */
            for (unsigned held = left; held < 1u << places && bits + places < longest;)
                places++, held = (held << 1) + counts[bits + places];
            end = begin + (1u << places);
            if (end > room)
                return -1;
            table[low] = begin << 16 | TABLE | places << 8 | bits;
        }
        uint32_t entry = meaning[sorted[next++]] + (length - bits) * 0x0101u;
        for (unsigned place = code >> bits; place < 1u << places; place += 1u << (length - bits))
            table[begin + place] = entry;
        unsigned bit = 1u << (length - 1);
        while (bit && code & bit)
            bit >>= 1;
        if (!bit)
            return 0;
        code = (code & (bit - 1)) | bit;
    }
}

#define NUMBER(base, more) ((uint32_t)(base) << 16 | (more))

static const uint32_t OF_LENGTHS[] = {
    NUMBER(3, 0),   NUMBER(4, 0),   NUMBER(5, 0),   NUMBER(6, 0),   NUMBER(7, 0),   NUMBER(8, 0),
    NUMBER(9, 0),   NUMBER(10, 0),  NUMBER(11, 1),  NUMBER(13, 1),  NUMBER(15, 1),  NUMBER(17, 1),
    NUMBER(19, 2),  NUMBER(23, 2),  NUMBER(27, 2),  NUMBER(31, 2),  NUMBER(35, 3),  NUMBER(43, 3),
    NUMBER(51, 3),  NUMBER(59, 3),  NUMBER(67, 4),  NUMBER(83, 4),  NUMBER(99, 4),  NUMBER(115, 4),
    NUMBER(131, 5), NUMBER(163, 5), NUMBER(195, 5), NUMBER(227, 5), NUMBER(258, 0), WRONG,
    WRONG};

static const uint32_t OF_DISTANCES[DISTANCES] = {
    NUMBER(1, 0),      NUMBER(2, 0),      NUMBER(3, 0),      NUMBER(4, 0),     NUMBER(5, 1),
    NUMBER(7, 1),      NUMBER(9, 2),      NUMBER(13, 2),     NUMBER(17, 3),    NUMBER(25, 3),
    NUMBER(33, 4),     NUMBER(49, 4),     NUMBER(65, 5),     NUMBER(97, 5),    NUMBER(129, 6),
    NUMBER(193, 6),    NUMBER(257, 7),    NUMBER(385, 7),    NUMBER(513, 8),   NUMBER(769, 8),
    NUMBER(1025, 9),   NUMBER(1537, 9),   NUMBER(2049, 10),  NUMBER(3073, 10), NUMBER(4097, 11),
    NUMBER(6145, 11),  NUMBER(8193, 12),  NUMBER(12289, 12), NUMBER(16385, 13), NUMBER(24577, 13),
    WRONG,             WRONG};

/* What the symbols of a block's first code stand for. */
static void begin_inflater(Inflater *with)
{
    uint8_t lengths[LITERALS + DISTANCES];
    for (unsigned one = 0; one < 256; one++)
        with->meaning[one] = LITERAL | one << 16;
    with->meaning[256] = END;
    memcpy(with->meaning + 257, OF_LENGTHS, sizeof OF_LENGTHS);
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(lengths + LITERALS, 5, DISTANCES);
    tabled(with->fixed_literals, LITERAL_ROOM, LITERAL_BITS, lengths, LITERALS, with->meaning, 0);
    tabled(with->fixed_distances, DISTANCE_ROOM, DISTANCE_BITS, lengths + LITERALS, DISTANCES,
           OF_DISTANCES, 0);
    with->has_begun = 1;
}

/* Whether more was read than there is. One that is not sure yet is found out at the end. */
static inline int is_behind(const Bits *from) { return from->at > from->end + 8; }

/* Read the codes of a block. */
static int codes(Inflater *with, Bits *from)
{
    static const uint8_t ORDER[LENGTHS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                           11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[LITERALS + DISTANCES + 138] = {0}, first[LENGTHS] = {0};
    uint32_t meaning[LENGTHS];
    fill(from);
    unsigned literals = 257 + taken(from, 5), distances = 1 + taken(from, 5), count = 4 + taken(from, 4);
    unsigned all = literals + distances;
    if (literals > 286 || distances > 30)
        return -1;
    for (unsigned one = 0; one < count; one++) {
        if (from->bits < 3)
            fill(from);
        first[ORDER[one]] = (uint8_t)taken(from, 3);
    }
    for (unsigned one = 0; one < LENGTHS; one++)
        meaning[one] = one << 16;
    if (tabled(with->lengths, 1 << LENGTH_BITS, LENGTH_BITS, first, LENGTHS, meaning, 0))
        return -1;
    for (unsigned one = 0; one < all;) {
        if (from->bits < 14) {
            if (is_behind(from))
                return -1;
            fill(from);
        }
        uint32_t entry = with->lengths[from->held & ((1 << LENGTH_BITS) - 1)];
        taken(from, entry & 0xFF);
        unsigned symbol = entry >> 16;
        if (symbol < 16) {
            lengths[one++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16 && !one)
            return -1;
        unsigned times = symbol == 16   ? 3 + taken(from, 2)
                         : symbol == 17 ? 3 + taken(from, 3)
                                        : 11 + taken(from, 7);
        memset(lengths + one, symbol == 16 ? lengths[one - 1] : 0, times);
        one += times;
        if (one > all)
            return -1;
    }
    return !lengths[256] || /* no end */
                   tabled(with->literals, LITERAL_ROOM, LITERAL_BITS, lengths, literals, with->meaning, 0) ||
                   tabled(with->distances, DISTANCE_ROOM, DISTANCE_BITS, lengths + literals, distances,
                          OF_DISTANCES, 1)
               ? -1
               : 0;
}

/* Go over the bits of an entry; what they were is given back. */
static inline uint64_t passed(Bits *from, uint32_t entry)
{
    uint64_t held = from->held;
    from->held >>= entry & 0xFF;
    from->bits -= entry & 0xFF;
    return held;
}

/* What an entry stands for, with the bits that are added to it. */
static inline unsigned number_of(uint64_t held, uint32_t entry)
{
    return (entry >> 16) + (unsigned)((held & ((1ull << (entry & 0xFF)) - 1)) >> (entry >> 8 & 0xF));
}

/* The entry for a longer code, whose first bits were gone over. */
static inline uint32_t longer(const Bits *from, const uint32_t *table, uint32_t entry)
{
    return table[(entry >> 16) + (from->held & ((1u << (entry >> 8 & 0xF)) - 1))];
}

typedef struct {
    const uint8_t *begin, *limit; /* more than up to the limit is not needed */
    uint8_t *at;
} Made;

/* What is compressed with codes, up to the end of the block or beyond the limit. The next entry is looked up
   before the one at hand is put to use: the processor waits for the one while it does the other. */
static int decoded(Bits *from, Made *to, const uint32_t *literals, const uint32_t *distances)
{
    const unsigned low = (1 << LITERAL_BITS) - 1, near = (1 << DISTANCE_BITS) - 1;
    Bits in = *from;
    uint8_t *at = to->at;
    int failed = -1;
    fill(&in);
    uint32_t entry = literals[in.held & low], next;
    while (!is_behind(&in)) {
        if (at > to->limit) {
            failed = 0;
            break;
        }
        fill(&in);
        uint64_t held = passed(&in, entry);
        if (entry & LITERAL) {
            next = literals[in.held & low];
            *at++ = (uint8_t)(entry >> 16);
            held = passed(&in, entry = next);
            if (entry & LITERAL) {
                next = literals[in.held & low];
                *at++ = (uint8_t)(entry >> 16);
                held = passed(&in, entry = next);
                if (entry & LITERAL) {
                    next = literals[in.held & low];
                    *at++ = (uint8_t)(entry >> 16);
                    entry = next;
                    continue;
                }
            }
        }
        if (entry & (TABLE | END | WRONG)) {
            if (entry & TABLE) {
                held = passed(&in, entry = longer(&in, literals, entry));
                if (entry & LITERAL) {
                    *at++ = (uint8_t)(entry >> 16);
                    entry = literals[in.held & low];
                    continue;
                }
            }
            if (entry & END)
                failed = 0;
            if (entry & (END | WRONG))
                break;
        }
        size_t length = number_of(held, entry);
        fill(&in);
        entry = distances[in.held & near];
        held = passed(&in, entry);
        if (entry & (TABLE | WRONG)) {
            if (entry & TABLE)
                held = passed(&in, entry = longer(&in, distances, entry));
            if (entry & WRONG)
                break;
        }
        size_t distance = number_of(held, entry);
        if (distance > (size_t)(at - to->begin))
            break;
        entry = literals[in.held & low];
        const uint8_t *source = at - distance;
        uint8_t *end = at + length;
        if (distance >= 16)
            do {
                memcpy(at, source, 16);
                at += 16, source += 16;
            } while (at < end);
        else if (distance >= 8)
            do {
                memcpy(at, source, 8);
                at += 8, source += 8;
            } while (at < end);
        else if (distance == 1)
            memset(at, *source, length);
        else
            while (at < end)
                *at++ = *source++;
        at = end;
    }
    *from = in;
    to->at = at;
    return failed;
}

/* What is not compressed. */
static int stored_block(Bits *from, Made *to)
{
    const uint8_t *at = from->at - (from->bits >> 3);
    if (at > from->end || from->end - at < 4)
        return -1;
    size_t size = at[0] | (size_t)at[1] << 8;
    if ((size ^ 0xFFFF) != (at[2] | (size_t)at[3] << 8))
        return -1;
    at += 4;
    size_t room = (size_t)(to->limit - to->at) + 1, some = size < room ? size : room;
    if (some > (size_t)(from->end - at))
        return -1;
    memcpy(to->at, at, some);
    to->at += some;
    *from = (Bits){at + some, from->end, 0, 0};
    return 0;
}

/* The checksum of RFC 1950. */
static uint32_t adler(const uint8_t *text, size_t size)
{
    uint32_t a = 1, b = 0;
    while (size) {
        size_t some = size < 5552 ? size : 5552; /* so many without overflow */
        size -= some;
#ifdef __SSE2__ /* the same, sixteen bytes at a time */
        const __m128i zero = _mm_setzero_si128();
        const __m128i high = _mm_set_epi16(9, 10, 11, 12, 13, 14, 15, 16);
        const __m128i low = _mm_set_epi16(1, 2, 3, 4, 5, 6, 7, 8);
        __m128i sums = zero, before = zero, weighed = zero;
        uint64_t two[2];
        uint32_t four[4], steps = (uint32_t)(some / 16);
        for (uint32_t left = steps; left; left--, text += 16) {
            __m128i some16 = _mm_loadu_si128((const __m128i *)text);
            before = _mm_add_epi64(before, sums);
            sums = _mm_add_epi64(sums, _mm_sad_epu8(some16, zero));
            weighed = _mm_add_epi32(weighed, _mm_madd_epi16(_mm_unpacklo_epi8(some16, zero), high));
            weighed = _mm_add_epi32(weighed, _mm_madd_epi16(_mm_unpackhi_epi8(some16, zero), low));
        }
        some -= 16 * (size_t)steps;
        memcpy(two, &before, 16);
        memcpy(four, &weighed, 16);
        b += 16 * (steps * a + (uint32_t)(two[0] + two[1])) + four[0] + four[1] + four[2] + four[3];
        memcpy(two, &sums, 16);
        a += (uint32_t)(two[0] + two[1]);
#endif
        for (; some; some--)
            b += a += *text++;
        a %= 65521;
        b %= 65521;
    }
    return b << 16 | a;
}

/* How many bytes come out of what is compressed. If it is `whole`, they must be `most`; else it stops when
   there are somewhat more. -1 if it is wrong, or odd. Behind both buffers there is room,
   which counts neither to `size` nor to `most`. */
static int64_t inflate_into(Inflater *with, const uint8_t *compressed, size_t size, uint8_t *inflated,
                            size_t most, int whole)
{
    if (!with->has_begun)
        begin_inflater(with);
    if (size < 2 || compressed[0] != 0x78 || (compressed[0] << 8 | compressed[1]) % 31 ||
        compressed[1] & 0x20)
        return -1;
    Bits from = {compressed + 2, compressed + size, 0, 0};
    Made to = {inflated, inflated + most, inflated};
    int failed = 0, is_last = 0;
    while (!failed && !is_last && to.at <= to.limit) {
        if (is_behind(&from))
            return -1;
        fill(&from);
        is_last = (int)taken(&from, 1);
        switch (taken(&from, 2)) {
        case 0:
            failed = stored_block(&from, &to);
            break;
        case 1:
            failed = decoded(&from, &to, with->fixed_literals, with->fixed_distances);
            break;
        case 2:
            failed = codes(with, &from) || decoded(&from, &to, with->literals, with->distances);
            break;
        default:
            failed = 1;
        }
    }
    const uint8_t *end = from.at - (from.bits >> 3);
    if (failed || end > from.end)
        return -1;
    size_t made = (size_t)(to.at - inflated);
    if (to.at > to.limit)
        return whole ? -1 : (int64_t)made;
    if ((whole && made != most) || from.end - end < 4)
        return -1;
    uint32_t sum = (uint32_t)end[0] << 24 | (uint32_t)end[1] << 16 | (uint32_t)end[2] << 8 | end[3];
    return sum == adler(inflated, made) ? (int64_t)made : -1;
}

#endif
