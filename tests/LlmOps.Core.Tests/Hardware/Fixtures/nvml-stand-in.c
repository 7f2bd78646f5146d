/*
 * A stand-in for libnvidia-ml.so.1: answers from the text file "nvml.txt" in its own folder, so that the real P/Invoke path can be
 * tested without a GPU. Lines are "key=value": driver, nvml, cuda, count; gpuN.FIELD; linkA-B.ancestor|p2p; and to misbehave
 * "fail.EXPORT=CODE" (any GPU), "fail.EXPORT.N=CODE" (GPU N) and "hang=EXPORT". An absent field is "not supported" (3).
 * -DOLD_DRIVER leaves out the exports that drivers before 450 do not have. Build: cc -shared -fPIC -o libnvidia-ml.so.1 nvml-stand-in.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, INVALID = 2, UNSUPPORTED = 3, TOO_SMALL = 7, NOT_FOUND = 6, VERSION = 25 };
typedef struct { unsigned index; } Gpu;
typedef struct { char legacy[16]; unsigned domain, bus, device, ids, subsystem; char id[32]; } Pci;
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } MemoryV2;
typedef struct { unsigned pid; unsigned long long used; unsigned gi, ci; } Process;

static char text[1 << 16];
static Gpu gpus[16] = {{0},{1},{2},{3},{4},{5},{6},{7},{8},{9},{10},{11},{12},{13},{14},{15}};

static void load(void)
{
    Dl_info self;
    char path[4096];
    dladdr((void *)load, &self);
    snprintf(path, sizeof path, "%s", self.dli_fname);
    strcpy(strrchr(path, '/') + 1, "nvml.txt");
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text + 1, 1, sizeof text - 2, file) : 0;
    text[0] = '\n';
    text[size + 1] = 0;
    if (file) fclose(file);
}

static const char *get(const char *key)
{
    static __thread char value[256];
    char wanted[128];
    snprintf(wanted, sizeof wanted, "\n%s=", key);
    const char *found = strstr(text, wanted);
    if (!found) return NULL;
    found += strlen(wanted);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\n"), found);
    return value;
}

static const char *field(Gpu *gpu, const char *name)
{
    char key[96];
    snprintf(key, sizeof key, "gpu%u.%s", gpu->index, name);
    return get(key);
}

static int misbehave(const char *export, Gpu *gpu)
{
    char key[128];
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
int nvmlDeviceGetTemperature(Gpu *g, unsigned sensor, unsigned *out) { BEGIN(g) const char *v = field(g, "temperature"); if (sensor) return INVALID; if (!v) return UNSUPPORTED; *out = atoi(v); return SUCCESS; }
int nvmlDeviceGetUtilizationRates(Gpu *g, unsigned *out) { BEGIN(g) const char *v = field(g, "utilization"); if (!v) return UNSUPPORTED; out[0] = atoi(v); out[1] = 0; return SUCCESS; }

static int memory(Gpu *g, unsigned long long *total, unsigned long long *reserved, unsigned long long *used)
{
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

int nvmlDeviceGetMemoryInfo_v2(Gpu *g, MemoryV2 *out)
{
    BEGIN(g)
    if (out->version != (sizeof *out | 2u << 24)) return VERSION;
    int status = memory(g, &out->total, &out->reserved, &out->used);
    if (status == SUCCESS) out->free = out->total - out->reserved - out->used;
    return status;
}

int nvmlDeviceGetComputeRunningProcesses_v3(Gpu *g, unsigned *count, Process *out)
{
    BEGIN(g)
    const char *v = field(g, "processes"); /* pid:bytes pid:bytes; many=N makes N of them */
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
int nvmlDeviceGetP2PStatus(Gpu *a, Gpu *b, unsigned index, unsigned *out) { return index ? INVALID : pair(__func__, a, b, "p2p", out); }
