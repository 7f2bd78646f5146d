using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>A log of whole lines that moves on to a new file when one is full: <c>server.log</c>, then <c>.1</c>, <c>.2</c>, older upwards.</summary>
/// <remarks>Each line begins with the time it was read (<see cref="LogLine"/>). Safe to use from several threads.</remarks>
internal sealed class RotatingLog : IDisposable
{
    /// <summary>Bytes in one file before the next begins.</summary>
    public const long DefaultFileLimit = 16 * Bytes.MiB;

    /// <summary>Files kept, with the one being written.</summary>
    public const int DefaultFileCount = 3;

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly TimeSpan _fileAge;
    private readonly long _fileLimit;
    private readonly int _fileCount;
    private readonly Lock _lock = new();
    private FileStream _file;
    private long _length;
    private long _linesLost;
    private DateTimeOffset _begun;

    /// <summary>Begins a new file, as <paramref name="policy"/> says; what an earlier start wrote moves to <c>.1</c>.</summary>
    public RotatingLog(string path, LogPolicy policy, TimeProvider time)
        : this(path, policy.MaxFileMiB * Bytes.MiB, policy.MaxFiles, TimeSpan.FromDays(policy.MaxFileDays), time)
    {
    }

    /// <summary>Begins a new file; what an earlier start wrote moves to <c>.1</c>.</summary>
    public RotatingLog(string path, long fileLimit = DefaultFileLimit, int fileCount = DefaultFileCount, TimeSpan? fileAge = null, TimeProvider? time = null)
    {
        _path = path;
        _fileLimit = fileLimit;
        _fileCount = fileCount;
        _fileAge = fileAge ?? TimeSpan.MaxValue;
        _time = time ?? TimeProvider.System;
        DeleteBeyondCount();
        if (File.Exists(path) && new FileInfo(path).Length > 0)
        {
            ShiftFiles();
        }

        _file = OpenFile();
    }

    /// <summary>The file with <paramref name="number"/>; 0 is the one being written.</summary>
    public static string FileName(string path, int number) =>
        number == 0 ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");

    /// <summary>Appends one or more whole lines, each with its time and its line end.</summary>
    /// <param name="lines">The bytes.</param>
    /// <param name="count">How many lines they are.</param>
    public void Append(ReadOnlySpan<byte> lines, int count = 1)
    {
        lock (_lock)
        {
            try
            {
                if (!_file.CanWrite)
                {
                    _file = OpenFile(); // The disk was full when this file should have begun.
                }

                if (_length > 0 && (_length + lines.Length > _fileLimit || _time.GetUtcNow() - _begun > _fileAge))
                {
                    _file.Dispose();
                    ShiftFiles();
                    _file = OpenFile();
                }

                if (_linesLost > 0)
                {
                    WriteToFile(LogLine.Compose(DateTimeOffset.UtcNow, $"{LogLine.NoteMark} {_linesLost} lines were lost because the log could not be written"));
                    _linesLost = 0;
                }

                WriteToFile(lines);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // A full disk must not stop the engine, which it would if its output were no longer read. The gap is told of later.
                _linesLost += count;
                DropTornLine();
            }
        }
    }

    /// <summary>Appends a line of LlmOps' own.</summary>
    public void Note(string text) => Append(LogLine.Compose(DateTimeOffset.UtcNow, $"{LogLine.NoteMark} {text}"));

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            _file.Dispose();
        }
    }

    private void WriteToFile(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        _length += bytes.Length;
    }

    /// <summary>Takes back the part of a line that found room before the disk was full, so that the next one does not continue it.</summary>
    private void DropTornLine()
    {
        try
        {
            _file.SetLength(_length);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // Then a torn line stays; the lines lost are told of all the same.
        }
    }

    /// <summary>Removes files of a start that was allowed more of them.</summary>
    private void DeleteBeyondCount()
    {
        for (int number = _fileCount; File.Exists(FileName(_path, number)); number++)
        {
            File.Delete(FileName(_path, number));
        }
    }

    private FileStream OpenFile()
    {
        _begun = _time.GetUtcNow();
        FileStream file = PrivateFile.Open(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _length = file.Length;
        return file;
    }

    private void ShiftFiles()
    {
        for (int number = _fileCount - 1; number > 0; number--)
        {
            string younger = FileName(_path, number - 1);
            if (File.Exists(younger))
            {
                File.Move(younger, FileName(_path, number), overwrite: true);
            }
        }
    }
}
