using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Masks, positions and cell numbers: made once and read by every layer that needs them.</summary>
internal sealed class AttentionInputs(GraphBuilder graph)
{
    /// <summary>The smallest side of a matrix that turns keys and values; widths that it does not divide are not turned.</summary>
    public const int TurnSide = 64;

    private readonly Dictionary<long, GraphTensor> _masks = [];
    private readonly Dictionary<bool, GraphTensor> _cells = [];
    private readonly Dictionary<long, GraphTensor> _valueCells = [];
    private readonly Dictionary<bool, GraphTensor> _keyTurns = [];
    private readonly Dictionary<bool, GraphTensor> _valueTurns = [];
    private GraphTensor? _positions;

    /// <summary>A number for each token, or one for each dimension.</summary>
    public GraphTensor Positions => _positions ??= graph.Input(graph.Setting.Tokens * graph.Setting.Dimensions * sizeof(int));

    /// <summary>The cells that keys go to: layers that look back over a window have a cache of their own.</summary>
    public GraphTensor Cells(AttentionShape shape)
    {
        bool windowed = shape.SlidingWindow is not null;
        if (!_cells.TryGetValue(windowed, out GraphTensor? cells))
        {
            _cells[windowed] = cells = graph.Input(graph.Setting.Tokens * sizeof(long));
        }

        return cells;
    }

    /// <summary>Half floats for flash attention, floats without it; one mask for all layers with the same number of cells.</summary>
    public GraphTensor Mask(AttentionShape shape)
    {
        long cells = graph.Setting.Cache(shape.Layer).Cells;
        long key = shape.SlidingWindow is null ? -1 : cells;
        if (!_masks.TryGetValue(key, out GraphTensor? mask))
        {
            mask = graph.Input(cells * graph.Setting.Tokens * (graph.Setting.FlashAttention ? sizeof(short) : sizeof(float)));
            _masks[key] = mask;
        }

        return mask;
    }

    /// <summary>The matrix that quantised keys are turned by: the largest power of two that divides their width.</summary>
    public GraphTensor KeyTurn(AttentionShape shape)
    {
        long side = TurnSide;
        while (shape.KeyLength % (side * 2) == 0)
        {
            side *= 2;
        }

        return Turn(_keyTurns, shape, side);
    }

    /// <summary>The matrix that quantised values are turned by.</summary>
    public GraphTensor ValueTurn(AttentionShape shape) => Turn(_valueTurns, shape, TurnSide);

    private GraphTensor Turn(Dictionary<bool, GraphTensor> turns, AttentionShape shape, long side)
    {
        bool windowed = shape.SlidingWindow is not null;
        if (!turns.TryGetValue(windowed, out GraphTensor? turn))
        {
            turns[windowed] = turn = graph.Input(side * side * sizeof(float));
        }

        return turn;
    }

    /// <summary>Without flash attention values are stored transposed, element by element.</summary>
    public GraphTensor ValueCells(AttentionShape shape)
    {
        long width = graph.Setting.FlashAttention || graph.Setting.TurnsValuesLate ? 1 : graph.Setting.WidestValues;
        long key = shape.SlidingWindow is null ? width : -width;
        if (!_valueCells.TryGetValue(key, out GraphTensor? cells))
        {
            cells = graph.Input(graph.Setting.Tokens * width * sizeof(long));
            _valueCells[key] = cells;
        }

        return cells;
    }
}
