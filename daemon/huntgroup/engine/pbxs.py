"""Which PBXs there are at the moment, and which of them has not said yet what happened there up to now."""

from huntgroup.engine.ids import PbxId


class Pbxs:
    """Several servers, each of which comes and goes by itself. Dicts for their order."""

    def __init__(self) -> None:
        self.up: dict[PbxId, None] = {}
        """What is really there is known of these, and orders reach them."""
        self.late: dict[PbxId, None] = {}
        """Those of them that take their time to answer: an answer there may still beat a deadline that is over."""

    def is_up(self, pbx: PbxId) -> bool:
        """Whether it can be told to ring somebody."""
        return pbx in self.up

    def stands_still(self, pbx: PbxId) -> bool:
        """Whether time cannot change what becomes of its calls."""
        return pbx not in self.up or pbx in self.late

    def found(self, pbx: PbxId) -> None:
        """It is there, and has told everything."""
        self.up[pbx] = None
        self.late.pop(pbx, None)

    def lost(self, pbx: PbxId) -> None:
        """Nothing is known of it."""
        self.up.pop(pbx, None)
        self.late.pop(pbx, None)
