/* All commits that some reach, and what each has that none of its parents has, written into a file: see
   walked.py, which reads it.

   Commits are read first, each once; then they are ranked, parents before their children (see order.py); then their
   trees are compared, the newest first, as git makes the older ones of them. */

#ifndef KEYMUSTER_WALK_H
#define KEYMUSTER_WALK_H

#include "_trees.h"

#define MOST_DIGITS 15 /* of a time */
#define AT_ONCE (1u << 16)
#define OF_BLOCK 4096
#define MOST_OF_BLOCK (1u << 18) /* bytes, and one record */
#define MOST_STRANGERS (1u << 26) /* bytes of ids */
#define STARTED "\377walk 1\n"
#define ODD_AUTHOR 0x80000000u

typedef struct {
    uint32_t number, tree, parents, count; /* parents: where they are, and how many */
    int64_t time, ranked;                  /* its own time, and the one of its rank */
    uint32_t row, author_size;             /* how many are before it at that time */
    uint64_t author;
} Commit;

typedef struct {
    int descriptor, failed;
    uint64_t written;
    size_t used;
    uint8_t bytes[AT_ONCE];
} Output;

typedef struct {
    Trees trees;
    Objects *objects;
    Commit *commits;
    uint32_t count, room;
    uint32_t *parents; /* which of the commits */
    uint32_t parents_count, parents_room;
    uint32_t *known, known_room; /* commits by their numbers, plus one */
    uint32_t *order;             /* children before their parents */
    uint8_t *seen;               /* file versions, by their numbers */
    uint8_t *strangers;          /* ids that no object here has */
    size_t strangers_size, strangers_room;
    uint32_t current;
    uint32_t keys[OF_BLOCK], ends[OF_BLOCK], records;
    uint8_t *block;
    size_t block_size, block_room;
    Output output;
} Walk;

/* --- the file --- */

static void flush_output(Output *to)
{
    for (size_t at = 0; at < to->used && !to->failed;) {
        ssize_t some = write(to->descriptor, to->bytes + at, to->used - at);
        if (some < 0 && errno == EINTR)
            continue;
        to->failed = some <= 0;
        at += some > 0 ? (size_t)some : 0;
    }
    to->used = 0;
}

static void put_bytes(Output *to, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    to->written += size;
    while (size && !to->failed) {
        size_t some = AT_ONCE - to->used < size ? AT_ONCE - to->used : size;
        memcpy(to->bytes + to->used, from, some);
        to->used += some, from += some, size -= some;
        if (to->used == AT_ONCE)
            flush_output(to);
    }
}

static void put_number(Output *to, uint64_t value, size_t size)
{
    uint32_t small = (uint32_t)value;
    put_bytes(to, size == 4 ? (void *)&small : (void *)&value, size);
}

/* Room for so many of a kind; what is there stays. */
static int more_room(void **of, size_t *room, size_t wanted, size_t each)
{
    if (wanted <= *room)
        return 0;
    size_t more = wanted + wanted / 2 + 64;
    void *bigger = more < SIZE_MAX / each ? realloc(*of, more * each) : NULL;
    if (!bigger)
        return -1;
    *of = bigger;
    *room = more;
    return 0;
}

/* --- commits --- */

static uint32_t *known_at(const Walk *in, uint32_t number)
{
    uint32_t mask = in->known_room - 1, at = (number * 0x9E3779B1u) >> 7 & mask;
    while (in->known[at] && in->commits[in->known[at] - 1].number != number)
        at = (at + 1) & mask;
    return in->known + at;
}

/* Which commit has an id; a new one is read later. NOWHERE if there is none. */
static uint32_t commit_of_id(Walk *in, const uint8_t *id)
{
    uint32_t number = number_of_id(in->objects, id);
    if (number == NOWHERE)
        return NOWHERE;
    if (in->count >= in->known_room / 2) {
        if (in->known_room >= 1u << 31)
            return NOWHERE;
        uint32_t *old = in->known, room = in->known_room ? 2 * in->known_room : 1024;
        if (!(in->known = calloc(room, sizeof *in->known))) {
            in->known = old;
            return NOWHERE;
        }
        in->known_room = room;
        for (uint32_t one = 0; one < in->count; one++)
            *known_at(in, in->commits[one].number) = one + 1;
        free(old);
    }
    uint32_t *at = known_at(in, number);
    if (*at)
        return *at - 1;
    size_t room = in->room;
    if (more_room((void **)&in->commits, &room, (size_t)in->count + 1, sizeof *in->commits) || room >= NOWHERE)
        return NOWHERE;
    in->room = (uint32_t)room;
    in->commits[in->count] = (Commit){.number = number};
    *at = ++in->count;
    return in->count - 1;
}

/* What follows a word at the begin of a line, up to its end; NULL if that does not stand there. */
static const uint8_t *line_of(const uint8_t **at, const uint8_t *end, const char *word, size_t *size)
{
    size_t length = strlen(word);
    if ((size_t)(end - *at) < length || memcmp(*at, word, length))
        return NULL;
    const uint8_t *begin = *at + length, *last = memchr(begin, '\n', (size_t)(end - begin));
    if (!last)
        return NULL;
    *size = (size_t)(last - begin);
    *at = last + 1;
    return begin;
}

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static int read_id(const uint8_t *from, size_t size, uint8_t *id, size_t width)
{
    if (size != 2 * width)
        return -1;
    for (size_t one = 0; one < width; one++) {
        int high = digit_of(from[2 * one]), low = digit_of(from[2 * one + 1]);
        if (high < 0 || low < 0)
            return -1;
        id[one] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

/* The time behind a name and an address: digits, and a zone. */
static int read_time(const uint8_t *line, size_t size, int64_t *time)
{
    const uint8_t *begin = memchr(line, '<', size), *at = line + size, *end = at;
    if (!begin)
        return -1;
    while (at > begin && at[-1] != '>')
        at--;
    if (at == begin || at == end || *at++ != ' ')
        return -1;
    unsigned digits = 0;
    for (*time = 0; at < end && *at >= '0' && *at <= '9' && digits <= MOST_DIGITS; digits++)
        *time = 10 * *time + (*at++ - '0');
    if (!digits || digits > MOST_DIGITS || end - at != 6 || at[0] != ' ' || (at[1] != '+' && at[1] != '-'))
        return -1;
    for (at += 2; at < end; at++)
        if (*at < '0' || *at > '9')
            return -1;
    return 0;
}

static int is_word(const uint8_t *text, size_t size, const char *word)
{
    if (size != strlen(word))
        return 0;
    for (size_t one = 0; one < size; one++)
        if ((text[one] | (text[one] >= 'A' && text[one] <= 'Z' ? 0x20 : 0)) != (uint8_t)word[one])
            return 0;
    return 1;
}

/* The lines behind that of who committed, up to the empty one: whether the rest is in another encoding; -1 if there is
   something odd. */
static int read_rest(const uint8_t *at, const uint8_t *end)
{
    int other = 0;
    while (at < end && *at != '\n') {
        const uint8_t *line = at, *last = memchr(at, '\n', (size_t)(end - at));
        size_t size = last ? (size_t)(last - at) : (size_t)(end - at);
        at += size + (last != NULL);
        if (memchr(line, 0, size) || (size >= 7 && !memcmp(line, "author ", 7)) ||
            (size >= 10 && !memcmp(line, "committer ", 10)))
            return -1;
        if (size >= 9 && !memcmp(line, "encoding ", 9))
            other |= !is_word(line + 9, size - 9, "utf-8") && !is_word(line + 9, size - 9, "utf8");
    }
    return other;
}

static int read_commit(Walk *in, uint32_t which)
{
    size_t width = in->objects->width, size, room = in->parents_room;
    uint8_t id[LONGEST_HEAD];
    Text *text = text_of_number(in->objects, in->commits[which].number, OF_COMMIT);
    if (!text)
        return -1;
    const uint8_t *at = text->bytes, *end = at + text->size, *line;
    Commit read = {.number = in->commits[which].number, .parents = in->parents_count};
    int failed = !(line = line_of(&at, end, "tree ", &size)) || read_id(line, size, id, width) ||
                 (read.tree = any_of_id(in->objects, id)) == NOWHERE;
    while (!failed && (line = line_of(&at, end, "parent ", &size))) {
        uint32_t parent = read_id(line, size, id, width) ? NOWHERE : commit_of_id(in, id);
        failed = parent == NOWHERE || ++read.count > MOST_PARENTS || in->parents_count >= NOWHERE / 2 ||
                 more_room((void **)&in->parents, &room, (size_t)in->parents_count + 1, sizeof parent);
        if (!failed)
            in->parents[in->parents_count++] = parent;
    }
    in->parents_room = (uint32_t)room;
    if (!failed && (line = line_of(&at, end, "author ", &size)) && size < ODD_AUTHOR && !memchr(line, 0, size)) {
        const uint8_t *author = line;
        read.author = in->output.written;
        read.author_size = (uint32_t)size;
        failed = !(line = line_of(&at, end, "committer ", &size)) || memchr(line, 0, size) ||
                 read_time(line, size, &read.time);
        int other = failed ? -1 : read_rest(at, end);
        put_bytes(&in->output, author, read.author_size);
        read.author_size |= other > 0 ? ODD_AUTHOR : 0;
        failed = other < 0;
    } else
        failed = 1;
    let_text(in->objects, text);
    if (!failed)
        in->commits[which] = read;
    return failed ? -1 : 0;
}

/* Put children before their parents; it fails if there is a circle. */
static int sort_commits(Walk *in)
{
    uint32_t *children = calloc((size_t)in->count + 1, sizeof *children), put = 0;
    in->order = calloc((size_t)in->count + 1, sizeof *in->order);
    if (!children || !in->order) {
        free(children);
        return -1;
    }
    for (uint32_t one = 0; one < in->parents_count; one++)
        children[in->parents[one]]++;
    for (uint32_t one = 0; one < in->count; one++)
        if (!children[one])
            in->order[put++] = one;
    for (uint32_t next = 0; next < put; next++) {
        const Commit *commit = in->commits + in->order[next];
        for (uint32_t one = 0; one < commit->count; one++)
            if (!--children[in->parents[commit->parents + one]])
                in->order[put++] = in->parents[commit->parents + one];
    }
    free(children);
    return put == in->count ? 0 : -1;
}

static void rank_commits(Walk *in)
{
    for (uint32_t left = in->count; left--;) {
        Commit *commit = in->commits + in->order[left];
        commit->ranked = commit->time;
        for (uint32_t one = 0; one < commit->count; one++) {
            const Commit *parent = in->commits + in->parents[commit->parents + one];
            if (parent->ranked > commit->ranked ||
                (parent->ranked == commit->ranked && parent->row >= commit->row))
                commit->ranked = parent->ranked, commit->row = parent->row + 1;
        }
    }
}

typedef struct {
    int64_t ranked;
    uint32_t row, which;
} Ranked;

static int newer_first(const void *left, const void *right)
{
    const Ranked *one = left, *other = right;
    if (one->ranked != other->ranked)
        return one->ranked > other->ranked ? -1 : 1;
    if (one->row != other->row)
        return one->row > other->row ? -1 : 1;
    return one->which < other->which ? -1 : one->which > other->which;
}

/* Put the newest first, as they and their trees lie in packs. */
static int order_by_rank(Walk *in)
{
    Ranked *ranked = calloc((size_t)in->count + 1, sizeof *ranked);
    if (!ranked)
        return -1;
    for (uint32_t one = 0; one < in->count; one++)
        ranked[one] = (Ranked){in->commits[one].ranked, in->commits[one].row, one};
    qsort(ranked, in->count, sizeof *ranked, newer_first);
    for (uint32_t one = 0; one < in->count; one++)
        in->order[one] = ranked[one].which;
    free(ranked);
    return 0;
}

/* --- what they brought --- */

static void end_block(Walk *in)
{
    put_number(&in->output, in->records, 4);
    put_number(&in->output, in->block_size, 4);
    put_bytes(&in->output, in->keys, 4 * (size_t)in->records);
    put_bytes(&in->output, in->ends, 4 * (size_t)in->records);
    put_bytes(&in->output, in->block, in->block_size);
    in->records = 0;
    in->block_size = 0;
}

static int record(Trees *trees, const uint8_t *id, const Cursor *const *others, unsigned count, size_t path)
{
    Walk *in = trees->to;
    size_t width = in->objects->width;
    uint32_t number = any_of_id(in->objects, id), ids = 0;
    if (number != NOWHERE)
        in->seen[number] = 1;
    else {
        if (in->strangers_size >= MOST_STRANGERS ||
            more_room((void **)&in->strangers, &in->strangers_room, in->strangers_size + width, 1))
            return -1;
        memcpy(in->strangers + in->strangers_size, id, width);
        in->strangers_size += width;
    }
    size_t size = 8 + (1 + count) * width + path;
    if (!may_spend(in->objects, size) ||
        more_room((void **)&in->block, &in->block_room, in->block_size + size, 1))
        return -1;
    uint8_t *begin = in->block + in->block_size, *to = begin + 8;
    memcpy(to, id, width);
    to += width;
    for (unsigned one = 0; one < count; one++, ids++, to += width)
        memcpy(to, others[one]->id, width);
    memcpy(begin, &in->current, 4);
    memcpy(begin + 4, &ids, 4);
    memcpy(to, trees->path, path);
    in->block_size += (size_t)(to - begin) + path;
    memcpy(in->keys + in->records, id, 4);
    in->ends[in->records++] = (uint32_t)in->block_size;
    if (in->records == OF_BLOCK || in->block_size >= MOST_OF_BLOCK)
        end_block(in);
    return in->output.failed ? -1 : 0;
}

static int compare_commit(Walk *in, uint32_t which)
{
    const Commit *commit = in->commits + which;
    const uint8_t *than[MOST_PARENTS], *tree = id_of(in->objects, commit->tree);
    for (uint32_t one = 0; one < commit->count; one++)
        than[one] = id_of(in->objects, in->commits[in->parents[commit->parents + one]].tree);
    in->current = which;
    return beside_all(&in->trees, tree, than, commit->count, 0, 0);
}

static void put_rank(Walk *in, const Commit *commit)
{
    put_bytes(&in->output, id_of(in->objects, commit->number), in->objects->width);
    put_number(&in->output, (uint64_t)commit->ranked, 8);
    put_number(&in->output, commit->row, 4);
}

/* All of it; it fails if there is anything that is odd. */
static int walk_from(Walk *in, const uint8_t *tips, size_t count)
{
    Output *to = &in->output;
    put_bytes(to, STARTED, strlen(STARTED));
    for (size_t one = 0; one < count; one++)
        if (commit_of_id(in, tips + one * in->objects->width) == NOWHERE)
            return -1;
    for (uint32_t one = 0; one < in->count; one++)
        if (read_commit(in, one))
            return -1;
    if (sort_commits(in) || !(in->seen = calloc((size_t)in->objects->objects + 1, 1)))
        return -1;
    rank_commits(in);
    if (order_by_rank(in))
        return -1;
    uint64_t places[4] = {to->written};
    for (uint32_t one = 0; one < in->count; one++)
        if (compare_commit(in, in->order[one]))
            return -1;
    end_block(in);
    places[1] = to->written;
    for (uint32_t one = 0; one < in->count; one++) {
        put_rank(in, in->commits + one);
        put_number(to, in->commits[one].author, 8);
        put_number(to, in->commits[one].author_size, 4);
    }
    places[2] = to->written;
    for (uint32_t one = 0; one < in->count; one++)
        if (in->commits[one].row || in->commits[one].ranked != in->commits[one].time)
            put_rank(in, in->commits + one);
    places[3] = to->written;
    put_bytes(to, in->seen, in->objects->objects);
    put_bytes(to, in->strangers, in->strangers_size);
    for (int one = 0; one < 4; one++)
        put_number(to, places[one], 8);
    put_number(to, in->objects->objects, 4);
    put_number(to, in->count, 4);
    flush_output(to);
    return to->failed ? -1 : 0;
}

static void close_walk(Walk *in)
{
    if (!in)
        return;
    free(in->commits);
    free(in->parents);
    free(in->known);
    free(in->order);
    free(in->seen);
    free(in->strangers);
    free(in->block);
    free(in);
}

/* Whether it was done; see `Walking` in functions.py. */
static PyObject *walk(PyObject *self, PyObject *args)
{
    PyObject *sources, *fetch;
    const char *tips;
    Py_ssize_t size, width;
    int descriptor;
    if (!PyArg_ParseTuple(args, "O!ny#Oi", &PyList_Type, &sources, &width, &tips, &size, &fetch, &descriptor))
        return NULL;
    Objects *objects = width > 0 ? open_objects(sources, (size_t)width, fetch) : NULL;
    if (!objects || size % width) {
        close_objects(objects);
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "ids that are cut off");
        return NULL;
    }
    Walk *in = calloc(1, sizeof *in);
    int failed = !in;
    if (in) {
        in->objects = in->trees.objects = objects;
        in->trees.brought = record;
        in->trees.to = in;
        in->output.descriptor = descriptor;
        failed = walk_from(in, (const uint8_t *)tips, (size_t)(size / width));
    }
    close_walk(in);
    close_objects(objects);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(!failed);
}

#endif
