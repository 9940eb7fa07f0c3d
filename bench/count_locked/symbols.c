/* SPDX-License-Identifier: MIT */
/*
 * See symbols.h. Failures leave the table empty: the count does not need names.
 */
#include "symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_file(symbols *s, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return -1;
    fseek(f, 0, SEEK_END);
    s->file_size = (size_t)ftell(f);
    rewind(f);
    s->file = malloc(s->file_size);
    size_t got = s->file == NULL ? 0 : fread(s->file, 1, s->file_size, f);
    fclose(f);
    return got == s->file_size && got >= sizeof(Elf64_Ehdr) ? 0 : -1;
}

static void find_table(symbols *s)
{
    const Elf64_Ehdr *header = (const void *)s->file;
    const Elf64_Shdr *sections = (const void *)(s->file + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB)
            continue;
        s->table = (const void *)(s->file + sections[i].sh_offset);
        s->n = sections[i].sh_size / sizeof(Elf64_Sym);
        s->strings = s->file + sections[sections[i].sh_link].sh_offset;
    }
}

/* A position-independent program's bias is where its first mapping begins. */
static uint64_t find_bias(const symbols *s, const char *path, pid_t pid)
{
    const Elf64_Ehdr *header = (const void *)s->file;
    char maps[64], line[4352];
    uint64_t begin = 0;
    if (header->e_type != ET_DYN)
        return 0;
    snprintf(maps, sizeof(maps), "/proc/%d/maps", (int)pid);
    FILE *f = fopen(maps, "r");
    while (f != NULL && begin == 0 && fgets(line, sizeof(line), f) != NULL)
        if (strstr(line, path) != NULL)
            sscanf(line, "%" SCNx64, &begin);
    if (f != NULL)
        fclose(f);
    return begin;
}

void symbols_load(symbols *s, const char *path, pid_t pid)
{
    if (read_file(s, path) != 0)
        return;
    find_table(s);
    s->bias = find_bias(s, path, pid);
}

static const Elf64_Sym *find(const symbols *s, uint64_t address)
{
    for (size_t i = 0; i < s->n; i++) {
        const Elf64_Sym *sym = &s->table[i];
        uint64_t begin = sym->st_value + s->bias;
        if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC && address >= begin &&
            address < begin + sym->st_size)
            return sym;
    }
    return NULL;
}

uint64_t symbols_begin(const symbols *s, uint64_t address)
{
    const Elf64_Sym *sym = find(s, address);
    return sym == NULL ? 1 : sym->st_value + s->bias;
}

const char *symbols_name(const symbols *s, uint64_t begin)
{
    const Elf64_Sym *sym = find(s, begin);
    return sym == NULL ? "(libc and linkage)" : s->strings + sym->st_name;
}
