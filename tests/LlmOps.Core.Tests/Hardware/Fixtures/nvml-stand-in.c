/*
 * A stand-in for libnvidia-ml.so.1: answers from the text file "nvml.txt" in its own folder, so that the real P/Invoke path can be
 * tested without a GPU. Lines are "key=value", the first of a key counts: driver, nvml, cuda, count; gpuN.FIELD; migN.I.FIELD for the
 * parts of a divided GPU; linkA-B.ancestor|p2p|p2pAtomics; and to misbehave "fail.EXPORT=CODE" (any GPU), "fail.EXPORT.N=CODE" (GPU N)
 * and "hang=EXPORT". An absent field is "not supported" (3). "gpuN.FIELD+" is added to FIELD's value at each reading (counters).
 * "live=1" reads the file again whenever memory is asked for, so that it changes while NVML stays started.
 * -DOLD_DRIVER leaves out the exports that drivers before 450 do not have. Build: cc -shared -fPIC -o libnvidia-ml.so.1 nvml-stand-in.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID = 2, UNSUPPORTED = 3, TOO_SMALL = 7, NOT_FOUND = 6, VERSION = 25 };
typedef struct { unsigned index; int part; } Gpu;
typedef struct { char legacy[16]; unsigned domain, bus, device, ids, subsystem; char id[32]; } Pci;
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } MemoryV2;
typedef struct { unsigned pid; unsigned long long used; unsigned gi, ci; } Process;

static char text[1 << 17];
static Gpu gpus[16] = {{0,-1},{1,-1},{2,-1},{3,-1},{4,-1},{5,-1},{6,-1},{7,-1},{8,-1},{9,-1},{10,-1},{11,-1},{12,-1},{13,-1},{14,-1},{15,-1}};
static Gpu parts[16][8];

/* Open addressing over the lines of the text: looking a key up must not cost more than a driver's own call would. */
enum { SLOTS = 1 << 14 };
static const char *keys[SLOTS], *values[SLOTS];
static int misbehaves;

static unsigned slot_of(const char *key)
{
    unsigned hash = 2166136261u;
    for (const char *at = key; *at; at++) hash = (hash ^ (unsigned char)*at) * 16777619u;
    unsigned slot = hash % SLOTS;
    while (keys[slot] && strcmp(keys[slot], key)) slot = (slot + 1) % SLOTS;
    return slot;
}

static void load(void)
{
    Dl_info self;
    char path[4096];
    dladdr((void *)load, &self);
    snprintf(path, sizeof path, "%s", self.dli_fname);
    strcpy(strrchr(path, '/') + 1, "nvml.txt");
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[size] = 0;
    if (file) fclose(file);
    memset(keys, 0, sizeof keys);
    misbehaves = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *equals = strchr(line, '=');
        if (!equals) continue;
        *equals = 0;
        unsigned slot = slot_of(line);
        if (!keys[slot]) { keys[slot] = line; values[slot] = equals + 1; }
        misbehaves |= !strncmp(line, "fail.", 5) || !strcmp(line, "hang");
    }
}

static const char *get(const char *key)
{
    unsigned slot = slot_of(key);
    return keys[slot] ? values[slot] : NULL;
}

static const char *field(Gpu *gpu, const char *name)
{
    char key[96];
    if (gpu->part < 0) snprintf(key, sizeof key, "gpu%u.%s", gpu->index, name);
    else snprintf(key, sizeof key, "mig%u.%d.%s", gpu->index, gpu->part, name);
    return get(key);
}

static int misbehave(const char *export, Gpu *gpu)
{
    char key[128];
    if (!misbehaves) return SUCCESS;
    const char *value = get("hang");
    while (value && strcmp(value, export) == 0) pause();
    snprintf(key, sizeof key, "fail.%s", export);
    if ((value = get(key))) return atoi(value);
    snprintf(key, sizeof key, "fail.%s.%u", export, gpu ? gpu->index : 0);
    return (value = get(key)) ? atoi(value) : SUCCESS;
}

#define BEGIN(gpu) { int broken = misbehave(__func__, gpu); if (broken) return broken; }
#define COPY(value, to, length) { const char *v = value; if (!v) return UNSUPPORTED; if (strlen(v) >= length) return TOO_SMALL; strcpy(to, v); return SUCCESS; }
#define NUMBER(name, key) int name(Gpu *g, unsigned *out) { BEGIN(g) const char *v = field(g, key); if (!v) return UNSUPPORTED; *out = strtoul(v, 0, 0); return SUCCESS; }

int nvmlInit_v2(void) { load(); BEGIN(NULL) return SUCCESS; }
int nvmlShutdown(void) { BEGIN(NULL) return SUCCESS; }
int nvmlSystemGetDriverVersion(char *to, unsigned n) { BEGIN(NULL) COPY(get("driver"), to, n) }
int nvmlSystemGetNVMLVersion(char *to, unsigned n) { BEGIN(NULL) COPY(get("nvml"), to, n) }
int nvmlSystemGetCudaDriverVersion_v2(int *out) { BEGIN(NULL) const char *v = get("cuda"); if (!v) return UNSUPPORTED; *out = atoi(v); return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *out) { BEGIN(NULL) const char *v = get("count"); *out = v ? atoi(v) : 0; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, Gpu **out) { if (i > 15) return INVALID; BEGIN(&gpus[i]) *out = &gpus[i]; return SUCCESS; }
int nvmlDeviceGetName(Gpu *g, char *to, unsigned n) { BEGIN(g) COPY(field(g, "name"), to, n) }
int nvmlDeviceGetUUID(Gpu *g, char *to, unsigned n) { BEGIN(g) COPY(field(g, "uuid"), to, n) }
int nvmlDeviceGetPciInfo_v3(Gpu *g, Pci *out) { BEGIN(g) memset(out, 0, sizeof *out); COPY(field(g, "pci"), out->id, sizeof out->id) }
int nvmlDeviceGetCudaComputeCapability(Gpu *g, int *major, int *minor) { BEGIN(g) const char *v = field(g, "capability"); return v && sscanf(v, "%d.%d", major, minor) == 2 ? SUCCESS : UNSUPPORTED; }
NUMBER(nvmlDeviceGetCurrPcieLinkGeneration, "generation")
NUMBER(nvmlDeviceGetCurrPcieLinkWidth, "width")
NUMBER(nvmlDeviceGetMaxPcieLinkGeneration, "maxGeneration")
NUMBER(nvmlDeviceGetMaxPcieLinkWidth, "maxWidth")
NUMBER(nvmlDeviceGetPowerUsage, "power")
NUMBER(nvmlDeviceGetEnforcedPowerLimit, "powerLimit")
NUMBER(nvmlDeviceGetDisplayActive, "display")
NUMBER(nvmlDeviceGetMemoryBusWidth, "busWidth")
NUMBER(nvmlDeviceGetDisplayMode, "displayAttached")
NUMBER(nvmlDeviceGetComputeMode, "computeMode")
NUMBER(nvmlDeviceGetPersistenceMode, "persistence")
NUMBER(nvmlDeviceGetPowerManagementDefaultLimit, "powerDefault")

static int two(Gpu *g, const char *name, unsigned *first, unsigned *second)
{
    const char *v = field(g, name);
    return v && sscanf(v, "%u %u", first, second) == 2 ? SUCCESS : UNSUPPORTED;
}

/* "clocks" and "maxClocks" are graphics, multiprocessor and memory clock. */
static int clock_of(Gpu *g, const char *name, unsigned type, unsigned *out)
{
    unsigned clocks[3];
    const char *v = field(g, name);
    if (type > 2 || !v || sscanf(v, "%u %u %u", &clocks[0], &clocks[1], &clocks[2]) != 3) return UNSUPPORTED;
    *out = clocks[type];
    return SUCCESS;
}

int nvmlDeviceGetBAR1MemoryInfo(Gpu *g, Memory *out) { BEGIN(g) const char *v = field(g, "bar1"); if (!v || sscanf(v, "%llu %llu", &out->total, &out->used) != 2) return UNSUPPORTED; out->free = out->total - out->used; return SUCCESS; }
int nvmlDeviceGetEccMode(Gpu *g, unsigned *now, unsigned *next) { BEGIN(g) return two(g, "ecc", now, next); }
int nvmlDeviceGetTotalEccErrors(Gpu *g, unsigned kind, unsigned counter, unsigned long long *out) { BEGIN(g) unsigned n[2]; if (counter || kind > 1) return INVALID; int status = two(g, "eccErrors", &n[0], &n[1]); *out = n[kind]; return status; }
int nvmlDeviceGetClockInfo(Gpu *g, unsigned type, unsigned *out) { BEGIN(g) return clock_of(g, "clocks", type, out); }
int nvmlDeviceGetMaxClockInfo(Gpu *g, unsigned type, unsigned *out) { BEGIN(g) return clock_of(g, "maxClocks", type, out); }
int nvmlDeviceGetCurrentClocksThrottleReasons(Gpu *g, unsigned long long *out) { BEGIN(g) const char *v = field(g, "reasons"); if (!v) return UNSUPPORTED; *out = strtoull(v, 0, 0); return SUCCESS; }
int nvmlDeviceGetPowerManagementLimitConstraints(Gpu *g, unsigned *least, unsigned *most) { BEGIN(g) return two(g, "powerRange", least, most); }
int nvmlDeviceGetTemperature(Gpu *g, unsigned sensor, unsigned *out) { BEGIN(g) const char *v = field(g, "temperature"); if (sensor) return INVALID; if (!v) return UNSUPPORTED; *out = atoi(v); return SUCCESS; }
int nvmlDeviceGetUtilizationRates(Gpu *g, unsigned *out) { BEGIN(g) const char *v = field(g, "utilization"); if (!v) return UNSUPPORTED; out[0] = atoi(v); out[1] = 0; return SUCCESS; }

static int memory(Gpu *g, unsigned long long *total, unsigned long long *reserved, unsigned long long *used)
{
    if (get("live")) load();
    const char *v = field(g, "memory"); /* total reserved used */
    return v && sscanf(v, "%llu %llu %llu", total, reserved, used) == 3 ? SUCCESS : UNSUPPORTED;
}

int nvmlDeviceGetMemoryInfo(Gpu *g, Memory *out)
{
    unsigned long long reserved, used;
    BEGIN(g)
    int status = memory(g, &out->total, &reserved, &used);
    if (status == SUCCESS) { out->used = used + reserved; out->free = out->total - out->used; }
    return status;
}

#ifndef OLD_DRIVER
NUMBER(nvmlDeviceGetArchitecture, "architecture")
NUMBER(nvmlDeviceGetNumGpuCores, "cores")
NUMBER(nvmlDeviceGetGpuMaxPcieLinkGeneration, "cardGeneration")
NUMBER(nvmlDeviceGetMaxMigDeviceCount, "mostMigDevices")
NUMBER(nvmlDeviceGetGpuInstanceId, "gpuInstance")
NUMBER(nvmlDeviceGetComputeInstanceId, "computeInstance")

int nvmlDeviceGetMigMode(Gpu *g, unsigned *now, unsigned *next) { BEGIN(g) return two(g, "mig", now, next); }

int nvmlDeviceGetMigDeviceHandleByIndex(Gpu *g, unsigned i, Gpu **out)
{
    BEGIN(g)
    if (i > 7) return INVALID;
    Gpu *part = &parts[g->index][i];
    part->index = g->index;
    part->part = (int)i;
    if (!field(part, "uuid")) return NOT_FOUND;
    *out = part;
    return SUCCESS;
}

typedef struct { unsigned multiprocessors, others[7]; unsigned long long mebibytes; } Attributes;
int nvmlDeviceGetAttributes_v2(Gpu *g, Attributes *out) { BEGIN(g) const char *v = field(g, "multiprocessors"); if (!v) return UNSUPPORTED; memset(out, 0, sizeof *out); out->multiprocessors = atoi(v); return SUCCESS; }

typedef struct { unsigned field, scope; long long timestamp, latency; unsigned type, status; unsigned long long value; } FieldValue;
int nvmlDeviceGetFieldValues(Gpu *g, int count, FieldValue *out)
{
    static unsigned long long added[16];
    BEGIN(g)
    const char *step = field(g, "pcieCount+");
    added[g->index] += step ? strtoull(step, 0, 0) : 0;
    for (int i = 0; i < count; i++) {
        const char *v = out[i].field == 197 ? field(g, "pcieSent") : out[i].field == 198 ? field(g, "pcieReceived") : NULL;
        out[i].status = v ? SUCCESS : UNSUPPORTED;
        out[i].type = 3;
        out[i].value = v ? strtoull(v, 0, 0) + added[g->index] : 0;
    }
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(Gpu *g, MemoryV2 *out)
{
    BEGIN(g)
    if (out->version != (sizeof *out | 2u << 24)) return VERSION;
    int status = memory(g, &out->total, &out->reserved, &out->used);
    if (status == SUCCESS) out->free = out->total - out->reserved - out->used;
    return status;
}

static int processes(Gpu *g, const char *name, unsigned *count, Process *out)
{
    const char *v = field(g, name); /* pid:bytes pid:bytes; many=N makes N of them */
    const char *many = v && strncmp(v, "many=", 5) == 0 ? v + 5 : NULL;
    unsigned n = 0, room = *count, wanted = many ? (unsigned)atoi(many) : 0;
    if (many) {
        *count = wanted;
        if (wanted > room) return TOO_SMALL;
        for (; n < wanted; n++) out[n] = (Process){ 1000 + n, 1048576, ~0u, ~0u };
        return SUCCESS;
    }
    for (int used = 0; v && n < room && sscanf(v, "%u:%llu%n", &out[n].pid, &out[n].used, &used) == 2; v += used) {
        out[n].gi = out[n].ci = ~0u;
        n++;
    }
    *count = n;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(Gpu *g, unsigned *count, Process *out) { BEGIN(g) return processes(g, "processes", count, out); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(Gpu *g, unsigned *count, Process *out) { BEGIN(g) return processes(g, "graphics", count, out); }
#endif

static const char *link_field(Gpu *g, unsigned link, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "nvlink%u.%s", link, name);
    return field(g, key);
}

int nvmlDeviceGetNvLinkState(Gpu *g, unsigned link, unsigned *out) { BEGIN(g) const char *v = link_field(g, link, "state"); if (!v) return INVALID; *out = atoi(v); return SUCCESS; }
int nvmlDeviceGetNvLinkVersion(Gpu *g, unsigned link, unsigned *out) { BEGIN(g) const char *v = link_field(g, link, "version"); if (!v) return UNSUPPORTED; *out = atoi(v); return SUCCESS; }
int nvmlDeviceGetNvLinkRemoteDeviceType(Gpu *g, unsigned link, unsigned *out) { BEGIN(g) const char *v = link_field(g, link, "type"); if (!v) return UNSUPPORTED; *out = atoi(v); return SUCCESS; }
int nvmlDeviceGetNvLinkRemotePciInfo_v2(Gpu *g, unsigned link, Pci *out) { BEGIN(g) memset(out, 0, sizeof *out); COPY(link_field(g, link, "remote"), out->id, sizeof out->id) }

static int pair(const char *export, Gpu *a, Gpu *b, const char *name, unsigned *out)
{
    char key[64];
    int broken = misbehave(export, a);
    if (broken) return broken;
    snprintf(key, sizeof key, "link%u-%u.%s", a->index, b->index, name);
    const char *v = get(key);
    if (!v) return UNSUPPORTED;
    *out = atoi(v);
    return SUCCESS;
}

int nvmlDeviceGetTopologyCommonAncestor(Gpu *a, Gpu *b, unsigned *out) { return pair(__func__, a, b, "ancestor", out); }
int nvmlDeviceGetP2PStatus(Gpu *a, Gpu *b, unsigned index, unsigned *out) { return index == 3 ? pair(__func__, a, b, "p2pAtomics", out) : index ? INVALID : pair(__func__, a, b, "p2p", out); }
