namespace DeterministicInference.Server.Tests.Machine;

/// <summary>A replacement of the driver's NVML, compiled on this machine, with the GPUs of a variable.</summary>
internal static class NvmlLibrary
{
    /// <summary>Written from the NVML API reference; a capability of "?" is not told.</summary>
    private const string Source = """
        #include <stdlib.h>
        #include <string.h>
        #include <stdio.h>
        typedef struct { unsigned long long total, free, used; } memory;
        static const char *gpus(void) { const char *text = getenv("TEST_GPUS"); return text ? text : ""; }
        static int capability(unsigned index, int *major, int *minor) {
            char text[256]; char *next, *word; unsigned i = 0;
            strncpy(text, gpus(), 255); text[255] = 0;
            for (word = strtok_r(text, " ", &next); word; word = strtok_r(NULL, " ", &next))
                if (i++ == index) return sscanf(word, "%d.%d", major, minor) == 2 ? 0 : 3;
            return 2;
        }
        int nvmlInit_v2(void) { return 0; }
        int nvmlShutdown(void) { return 0; }
        int nvmlDeviceGetCount_v2(unsigned *count) { int a, b, code; *count = 0; while ((code = capability(*count, &a, &b)) != 2) ++*count; return 0; }
        int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(size_t)(index + 1); return 0; }
        int nvmlDeviceGetName(void *device, char *name, unsigned length) { snprintf(name, length, "NVIDIA Test %zu", (size_t)device - 1); return 0; }
        int nvmlDeviceGetMemoryInfo(void *device, memory *info) { info->total = 85520809984ull; return 0; }
        int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) { return capability((unsigned)(size_t)device - 1, major, minor); }
        int nvmlSystemGetDriverVersion(char *text, unsigned length) { snprintf(text, length, "550.54.15"); return 0; }
        int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12040; return 0; }
        """;

    private static readonly Lazy<Task<string?>> Folder = new(CompileAsync);

    /// <summary>The variables with which a program sees these GPUs; null where there is no C compiler.</summary>
    /// <param name="capabilities">Compute capabilities between spaces.</param>
    public static async Task<(string Name, string Value)[]?> WithAsync(string capabilities) =>
        await Folder.Value is { } folder ? [("LD_LIBRARY_PATH", folder), ("TEST_GPUS", capabilities)] : null;

    private static async Task<string?> CompileAsync()
    {
        const string compiler = "/usr/bin/cc";
        if (!File.Exists(compiler))
            return null;
        string folder = TestModels.NewFolder("nvml"),
            source = Path.Combine(folder, "nvml.c");
        await File.WriteAllTextAsync(source, Source);
        CommandResult result = await InstalledProgram.RunAsync(
            compiler,
            "-shared",
            "-fPIC",
            "-w",
            "-o",
            Path.Combine(folder, "libnvidia-ml.so.1"),
            source
        );
        return result.ExitCode == 0
            ? folder
            : throw new InvalidOperationException($"{compiler} exited with {result.ExitCode}: {result.Error}");
    }
}
