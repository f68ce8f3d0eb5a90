/* Stretches of text, and what their bytes are. */

#ifndef KEYMUSTER_TEXT_H
#define KEYMUSTER_TEXT_H

#include <stdint.h>
#include <string.h>

enum { LOWER = 1, UPPER = 2, DIGIT = 4, UNDERSCORE = 8, SPACE = 16, BLANK = 32, WIDE = 64 };
#define LETTER (LOWER | UPPER)
#define ALNUM (LETTER | DIGIT)
#define WORD (ALNUM | UNDERSCORE)

static uint8_t kinds[256], small_of[256];

static void make_kinds(void)
{
    for (int byte = 0; byte < 256; byte++) {
        int lower = byte >= 'a' && byte <= 'z', upper = byte >= 'A' && byte <= 'Z';
        kinds[byte] = (uint8_t)(lower * LOWER | upper * UPPER |
                                (byte >= '0' && byte <= '9') * DIGIT | (byte == '_') * UNDERSCORE |
                                (byte == ' ' || (byte >= '\t' && byte <= '\r')) * SPACE |
                                (byte == ' ' || byte == '\t') * BLANK | (byte >= 128) * WIDE);
        small_of[byte] = (uint8_t)(upper ? byte + 32 : byte);
    }
}

typedef struct {
    const uint8_t *at, *end;
} Text;

static int is(uint8_t byte, int kind) { return (kinds[byte] & kind) != 0; }

static int is_one_of(uint8_t byte, const char *those) { return byte && strchr(those, byte) != NULL; }

static int is_listed(int byte, const char *those) { return byte > 0 && strchr(those, byte) != NULL; }

static size_t size_of(Text text) { return (size_t)(text.end - text.at); }

static int holds(Text text, uint8_t byte)
{
    return text.at < text.end && memchr(text.at, byte, size_of(text)) != NULL;
}

static int begins(const uint8_t *at, const uint8_t *end, const char *with)
{
    size_t size = strlen(with);
    return (size_t)(end - at) >= size && !memcmp(at, with, size);
}

static const uint8_t *past(const uint8_t *at, const uint8_t *end, int kind)
{
    while (at < end && is(*at, kind))
        at++;
    return at;
}

static Text last_line(Text text)
{
    const uint8_t *at = text.end;
    while (at > text.at && at[-1] != '\n')
        at--;
    return (Text){at, text.end};
}

static int counted(Text text, uint8_t byte)
{
    int count = 0;
    for (const uint8_t *at = text.at; at < text.end; at++)
        count += *at == byte;
    return count;
}

#endif
