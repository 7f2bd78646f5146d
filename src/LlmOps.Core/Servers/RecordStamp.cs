namespace LlmOps.Servers;

/// <summary>Tells cheaply whether a server's record may have been written since the last look: to read and judge it takes a hundred times as long.</summary>
/// <param name="folder">The server's folder.</param>
/// <remarks>Two records of the same length within one tick of the file system's clock look the same, and no record tells of a death; so every now and then a look is due all the same.</remarks>
internal sealed class RecordStamp(ServerFolder folder)
{
    private const int GlancesOfLook = 10;

    private readonly FileInfo _file = new(folder.RecordFile);
    private DateTime _time;
    private long _length = -1;
    private int _glances;

    /// <summary>Whether the record should be read: it has changed, or was not looked at for some glances.</summary>
    public bool IsLookDue()
    {
        bool isDue = HasChanged() || ++_glances >= GlancesOfLook;
        _glances = isDue ? 0 : _glances;
        return isDue;
    }

    /// <summary>Whether the record is another one than at the last call; true at the first.</summary>
    public bool HasChanged()
    {
        _file.Refresh();
        DateTime time = _file.LastWriteTimeUtc;
        long length = _file.Exists ? _file.Length : -1;
        bool changed = time != _time || length != _length;
        (_time, _length) = (time, length);
        return changed;
    }
}
