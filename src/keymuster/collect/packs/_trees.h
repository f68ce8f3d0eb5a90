/* What a tree has that none of some others has at the same path, as git tells it of a commit and its parents with
   `diff-tree -r -c`, in the same order; without what is gone.

   Where trees are not as git makes them, entries in another order or named twice, the steps are those of git,
   so that the answer is. */

#ifndef KEYMUSTER_TREES_H
#define KEYMUSTER_TREES_H

#include "_objects.h"

#define DEEPEST 1000
#define LONGEST_PATH 65536
#define MOST_PARENTS 100

#define TYPE_BITS 0170000u
#define FOLDER 0040000u
#define PLAIN_FILE 0100000u
#define LINK 0120000u
#define SUBMODULE 0160000u

/* An entry of a tree, and all that follow it; at the end it has no name. */
typedef struct {
    const uint8_t *at, *end, *name, *id;
    size_t length; /* of the name */
    unsigned mode;
} Cursor;

typedef struct Trees Trees;

/* Told of a file at the path that is so long: what it is, and what the others have there. Other than 0 ends it. */
typedef int (*Brought)(Trees *in, const uint8_t *id, const Cursor *const *others, unsigned count, size_t path);

struct Trees {
    Objects *objects;
    Brought brought;
    void *to;
    uint8_t path[LONGEST_PATH];
};

/* What git makes of the modes that are possible. */
static unsigned usual(unsigned mode)
{
    switch (mode & TYPE_BITS) {
    case PLAIN_FILE:
        return PLAIN_FILE | (mode & 0100 ? 0755 : 0644);
    case LINK:
    case FOLDER:
        return mode & TYPE_BITS;
    default:
        return SUBMODULE;
    }
}

static int read_entry(Cursor *at, size_t width)
{
    const uint8_t *here = at->at;
    unsigned mode = 0, digits = 0;
    at->name = NULL;
    if (here == at->end)
        return 0;
    for (; here < at->end && *here >= '0' && *here <= '7' && digits < 8; digits++)
        mode = mode << 3 | (unsigned)(*here++ - '0');
    if (!digits || here == at->end || *here++ != ' ')
        return -1;
    const uint8_t *end = memchr(here, 0, (size_t)(at->end - here));
    if (!end || end == here || (size_t)(at->end - end) <= width)
        return -1;
    at->name = here;
    at->length = (size_t)(end - here);
    at->id = end + 1;
    at->mode = usual(mode);
    return 0;
}

static int begin_entries(Cursor *at, const Text *tree, size_t width)
{
    at->at = tree ? tree->bytes : (const uint8_t *)"";
    at->end = at->at + (tree ? tree->size : 0);
    return read_entry(at, width);
}

static int next_entry(Cursor *at, size_t width)
{
    at->at = at->id + width;
    return read_entry(at, width);
}

/* The order that entries have: as if a slash stood behind the name of a folder. An end comes last. */
static int order_of(const Cursor *one, const Cursor *other)
{
    if (!one->name || !other->name)
        return !one->name - !other->name;
    size_t least = one->length < other->length ? one->length : other->length;
    int order = memcmp(one->name, other->name, least);
    if (order)
        return order;
    int here = one->length > least ? one->name[least] : one->mode == FOLDER ? '/' : 0;
    int there = other->length > least ? other->name[least] : other->mode == FOLDER ? '/' : 0;
    return here - there;
}

static int is_same(const Cursor *one, const Cursor *other, size_t width)
{
    return one->mode == other->mode && !memcmp(one->id, other->id, width);
}

/* How many bytes the entry has that begins here, if all of it is there; else 0. */
static size_t size_of_entry(const uint8_t *at, size_t left, size_t width)
{
    if (left < 8 + width)
        return 0;
    size_t name = !memcmp(at, "100644 ", 7) ? 7 : !memcmp(at, "40000 ", 6) ? 6 : 0;
    if (!name) { /* the modes that few have */
        Cursor entry = {.at = at, .end = at + left};
        return read_entry(&entry, width) ? 0 : (size_t)(entry.id + width - at);
    }
    const uint8_t *end = memchr(at + name, 0, left - name);
    size_t size = end ? (size_t)(end - at) + 1 + width : 0;
    return size <= left && end != at + name ? size : 0;
}

static size_t alike(const uint8_t *one, const uint8_t *other, size_t size)
{
    size_t at = 0;
    for (uint64_t a, b; size - at >= 8; at += 8) {
        memcpy(&a, one + at, 8);
        memcpy(&b, other + at, 8);
        if (a != b)
            break;
    }
    while (at < size && one[at] == other[at])
        at++;
    return at;
}

/* Go over entries that both have. */
static int pass_alike(Cursor *one, Cursor *other, size_t width)
{
    size_t left = (size_t)(one->end - one->at), right = (size_t)(other->end - other->at);
    size_t same = alike(one->at, other->at, left < right ? left : right), passed = 0;
    if (same == left && same == right) {
        one->at = one->end, other->at = other->end;
        one->name = other->name = NULL;
        return 0;
    }
    for (size_t size; (size = size_of_entry(one->at + passed, same - passed, width));)
        passed += size;
    one->at += passed, other->at += passed;
    if (passed && (read_entry(one, width) || read_entry(other, width)))
        return -1;
    return 0;
}

/* The path of an entry; 0 if it is too long. */
static size_t path_of(Trees *in, const Cursor *at, size_t path)
{
    if (at->length + 1 > LONGEST_PATH - path)
        return 0;
    memcpy(in->path + path, at->name, at->length);
    path += at->length;
    in->path[path] = '/';
    return path;
}

/* Looking costs something, too: what is small can be named very often. */
static int is_too_much(Trees *in, const Text *tree) { return !may_spend(in->objects, tree->size + sizeof *tree); }

static int all_of(Trees *in, const uint8_t *id, size_t path, unsigned depth);

static int whole_entry(Trees *in, const Cursor *at, size_t path, unsigned depth)
{
    size_t longer = path_of(in, at, path);
    if (!longer)
        return -1;
    if (at->mode == FOLDER)
        return all_of(in, at->id, longer + 1, depth + 1);
    return at->mode == SUBMODULE ? 0 : in->brought(in, at->id, NULL, 0, longer);
}

/* All files of a tree, which is at a path that is so long. */
static int all_of(Trees *in, const uint8_t *id, size_t path, unsigned depth)
{
    size_t width = in->objects->width;
    Text *tree = depth < DEEPEST ? text_of_id(in->objects, id, OF_TREE) : NULL;
    Cursor at;
    int failed = !tree || is_too_much(in, tree) || begin_entries(&at, tree, width);
    while (!failed && at.name)
        failed = whole_entry(in, &at, path, depth) || next_entry(&at, width);
    let_text(in->objects, tree);
    return failed ? -1 : 0;
}

/* The same, of what another tree does not have. */
static int beside_one(Trees *in, const uint8_t *id, const uint8_t *than, size_t path, unsigned depth)
{
    size_t width = in->objects->width;
    if (!memcmp(id, than, width))
        return 0;
    Text *tree = depth < DEEPEST ? text_of_id(in->objects, id, OF_TREE) : NULL;
    Text *other = tree ? text_of_id(in->objects, than, OF_TREE) : NULL;
    Cursor at, old;
    int failed = !other || is_too_much(in, tree) || begin_entries(&at, tree, width) ||
                 begin_entries(&old, other, width);
    while (!failed && at.name) {
        if ((failed = pass_alike(&at, &old, width)) || !at.name)
            break;
        int order = order_of(&at, &old);
        if (order < 0)
            failed = whole_entry(in, &at, path, depth);
        else if (!order && !is_same(&at, &old, width) && at.mode != SUBMODULE) {
            size_t longer = path_of(in, &at, path);
            const Cursor *others = &old;
            failed = !longer || (at.mode == FOLDER ? beside_one(in, at.id, old.id, longer + 1, depth + 1)
                                                   : in->brought(in, at.id, &others, 1, longer));
        }
        if (!failed && order >= 0)
            failed = next_entry(&old, width);
        if (!failed && order <= 0)
            failed = next_entry(&at, width);
    }
    let_text(in->objects, tree);
    let_text(in->objects, other);
    return failed ? -1 : 0;
}

static int beside_all(Trees *in, const uint8_t *id, const uint8_t *const *than, unsigned count, size_t path,
                      unsigned depth);

/* An entry that the first of the others have, as far as they are marked. */
static int marked_entry(Trees *in, const Cursor *at, const Cursor *others, const uint8_t *marks, unsigned count,
                        size_t path, unsigned depth)
{
    const Cursor *having[MOST_PARENTS];
    const uint8_t *than[MOST_PARENTS];
    size_t longer = path_of(in, at, path);
    unsigned having_it = 0;
    for (unsigned one = 0; one < count; one++)
        if (marks[one])
            having[having_it] = others + one, than[having_it++] = others[one].id;
    if (!longer)
        return -1;
    if (at->mode == FOLDER)
        return beside_all(in, at->id, than, having_it, longer + 1, depth + 1);
    return at->mode == SUBMODULE ? 0 : in->brought(in, at->id, having, having_it, longer);
}

/* The same, of what none of several other trees has. */
static int beside_all(Trees *in, const uint8_t *id, const uint8_t *const *than, unsigned count, size_t path,
                      unsigned depth)
{
    size_t width = in->objects->width;
    Text *trees[MOST_PARENTS] = {0}, *tree;
    Cursor at, *others;
    uint8_t marks[MOST_PARENTS];
    for (unsigned one = 0; one < count; one++)
        if (!memcmp(id, than[one], width))
            return 0;
    if (!count)
        return all_of(in, id, path, depth);
    if (count == 1)
        return beside_one(in, id, than[0], path, depth);
    tree = depth < DEEPEST ? text_of_id(in->objects, id, OF_TREE) : NULL;
    others = tree ? calloc(count, sizeof *others) : NULL;
    int failed = !others || is_too_much(in, tree) || begin_entries(&at, tree, width);
    for (unsigned one = 0; !failed && one < count; one++)
        failed = !(trees[one] = text_of_id(in->objects, than[one], OF_TREE)) ||
                 begin_entries(others + one, trees[one], width);
    while (!failed && at.name) {
        unsigned least = 0;
        for (unsigned one = 1; one < count; one++)
            if (order_of(others + one, others + least) < 0)
                least = one;
        int order = order_of(&at, others + least), is_there = 0;
        for (unsigned one = 0; one < count; one++) {
            marks[one] = order >= 0 && others[one].name && !order_of(others + one, others + least);
            is_there |= marks[one] && !order && is_same(&at, others + one, width);
        }
        if (order <= 0 && !is_there)
            failed = marked_entry(in, &at, others, marks, count, path, depth);
        for (unsigned one = 0; !failed && order >= 0 && one < count; one++)
            if (marks[one])
                failed = next_entry(others + one, width);
        if (!failed && order <= 0)
            failed = next_entry(&at, width);
    }
    for (unsigned one = 0; one < count; one++)
        let_text(in->objects, trees[one]);
    let_text(in->objects, tree);
    free(others);
    return failed ? -1 : 0;
}

#endif
