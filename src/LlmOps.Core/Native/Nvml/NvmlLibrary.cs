using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace LlmOps.Native.Nvml;

/// <summary>A loaded NVML: finds each export on its own and calls it by its shape.</summary>
/// <remarks>
/// Function pointers and not <see cref="LibraryImportAttribute"/>: that binds one library for the whole process and throws where an
/// export is missing, while drivers of ten years answer here and each lacks other functions. The library is never unloaded, because
/// driver libraries keep threads of their own.
/// </remarks>
internal sealed unsafe class NvmlLibrary(nint handle, string path)
{
    private const int TextCapacity = 96;
    private readonly ConcurrentDictionary<string, nint> _exports = new(StringComparer.Ordinal);
    private volatile string _lastCall = "dlopen";

    /// <summary>Where it was loaded from.</summary>
    public string Path { get; } = path;

    /// <summary>The function that was called last; what a driver hangs in.</summary>
    public string LastCall => _lastCall;

    /// <summary>Calls <c>f(void)</c>.</summary>
    public NvmlStatus Call(string export) =>
        Find(export, out nint f) ? ((delegate* unmanaged[Cdecl]<NvmlStatus>)f)() : NvmlStatus.FunctionNotFound;

    /// <summary>Calls <c>f(char* text, unsigned length)</c>.</summary>
    public NvmlStatus Text(string export, out string? text)
    {
        byte* buffer = stackalloc byte[TextCapacity];
        NvmlStatus status = Find(export, out nint f)
            ? ((delegate* unmanaged[Cdecl]<byte*, uint, NvmlStatus>)f)(buffer, TextCapacity)
            : NvmlStatus.FunctionNotFound;
        text = status == NvmlStatus.Success ? ReadText(buffer) : null;
        return status;
    }

    /// <summary>Calls <c>f(device, char* text, unsigned length)</c>.</summary>
    public NvmlStatus Text(string export, nint device, out string? text)
    {
        byte* buffer = stackalloc byte[TextCapacity];
        NvmlStatus status = Find(export, out nint f)
            ? ((delegate* unmanaged[Cdecl]<nint, byte*, uint, NvmlStatus>)f)(device, buffer, TextCapacity)
            : NvmlStatus.FunctionNotFound;
        text = status == NvmlStatus.Success ? ReadText(buffer) : null;
        return status;
    }

    /// <summary>Calls <c>f(T* value)</c>.</summary>
    public NvmlAnswer<T> Get<T>(string export)
        where T : unmanaged
    {
        T value = default;
        NvmlStatus status = Find(export, out nint f) ? ((delegate* unmanaged[Cdecl]<T*, NvmlStatus>)f)(&value) : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<T>(status, value);
    }

    /// <summary>Calls <c>f(unsigned index, T* value)</c>.</summary>
    public NvmlAnswer<T> GetAt<T>(string export, uint index)
        where T : unmanaged
    {
        T value = default;
        NvmlStatus status = Find(export, out nint f) ? ((delegate* unmanaged[Cdecl]<uint, T*, NvmlStatus>)f)(index, &value) : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<T>(status, value);
    }

    /// <summary>Calls <c>f(device, T* value)</c>, with <paramref name="value"/> as it is before the call.</summary>
    public NvmlAnswer<T> Get<T>(string export, nint device, T value = default)
        where T : unmanaged
    {
        NvmlStatus status = Find(export, out nint f) ? ((delegate* unmanaged[Cdecl]<nint, T*, NvmlStatus>)f)(device, &value) : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<T>(status, value);
    }

    /// <summary>Calls <c>f(device, unsigned argument, T* value)</c>.</summary>
    public NvmlAnswer<T> GetFor<T>(string export, nint device, uint argument)
        where T : unmanaged
    {
        T value = default;
        NvmlStatus status = Find(export, out nint f)
            ? ((delegate* unmanaged[Cdecl]<nint, uint, T*, NvmlStatus>)f)(device, argument, &value)
            : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<T>(status, value);
    }

    /// <summary>Calls <c>f(device, unsigned first, unsigned second, T* value)</c>.</summary>
    public NvmlAnswer<T> GetFor<T>(string export, nint device, uint first, uint second)
        where T : unmanaged
    {
        T value = default;
        NvmlStatus status = Find(export, out nint f)
            ? ((delegate* unmanaged[Cdecl]<nint, uint, uint, T*, NvmlStatus>)f)(device, first, second, &value)
            : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<T>(status, value);
    }

    /// <summary>Calls <c>f(device, int count, nvmlFieldValue_t* fields)</c>.</summary>
    public NvmlStatus Fields(string export, nint device, Span<NvmlFieldValue> fields)
    {
        if (!Find(export, out nint f))
        {
            return NvmlStatus.FunctionNotFound;
        }

        fixed (NvmlFieldValue* first = fields)
        {
            return ((delegate* unmanaged[Cdecl]<nint, int, NvmlFieldValue*, NvmlStatus>)f)(device, fields.Length, first);
        }
    }

    /// <summary>Calls <c>f(device, A* first, B* second)</c>.</summary>
    public NvmlAnswer<(int First, int Second)> GetPair(string export, nint device)
    {
        int first = 0;
        int second = 0;
        NvmlStatus status = Find(export, out nint f)
            ? ((delegate* unmanaged[Cdecl]<nint, int*, int*, NvmlStatus>)f)(device, &first, &second)
            : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<(int, int)>(status, (first, second));
    }

    /// <summary>Calls <c>f(device, device, unsigned* value)</c>.</summary>
    public NvmlAnswer<uint> Between(string export, nint a, nint b)
    {
        uint value = 0;
        NvmlStatus status = Find(export, out nint f) ? ((delegate* unmanaged[Cdecl]<nint, nint, uint*, NvmlStatus>)f)(a, b, &value) : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<uint>(status, value);
    }

    /// <summary>Calls <c>f(device, device, unsigned argument, unsigned* value)</c>.</summary>
    public NvmlAnswer<uint> Between(string export, nint a, nint b, uint argument)
    {
        uint value = 0;
        NvmlStatus status = Find(export, out nint f)
            ? ((delegate* unmanaged[Cdecl]<nint, nint, uint, uint*, NvmlStatus>)f)(a, b, argument, &value)
            : NvmlStatus.FunctionNotFound;
        return new NvmlAnswer<uint>(status, value);
    }

    /// <summary>Calls <c>f(device, unsigned* count, T* items)</c>, with more room as long as NVML asks for it.</summary>
    public NvmlStatus List<T>(string export, nint device, out T[] items)
        where T : unmanaged
    {
        items = [];
        if (!Find(export, out nint f))
        {
            return NvmlStatus.FunctionNotFound;
        }

        // Processes come and go between two calls, so the count that NVML asked for may be too small again.
        NvmlStatus status = NvmlStatus.InsufficientSize;
        uint capacity = 32;
        for (int attempt = 0; attempt < 4 && status == NvmlStatus.InsufficientSize; attempt++)
        {
            T[] room = new T[capacity];
            uint count = capacity;
            fixed (T* first = room)
            {
                status = ((delegate* unmanaged[Cdecl]<nint, uint*, T*, NvmlStatus>)f)(device, &count, first);
            }

            items = status == NvmlStatus.Success ? room[..(int)Math.Min(count, capacity)] : [];
            capacity = Math.Clamp(count, capacity, 64 * 1024) * 2;
        }

        return status;
    }

    private bool Find(string export, out nint address)
    {
        _lastCall = export;
        address = _exports.GetOrAdd(export, name => NativeLibrary.TryGetExport(handle, name, out nint found) ? found : 0);
        return address != 0;
    }

    private static string ReadText(byte* buffer)
    {
        ReadOnlySpan<byte> text = new(buffer, TextCapacity);
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]).Trim();
    }
}
