package rpm

// Tag numbers an entry of a header. Main and signature headers share the
// number space from 1000 on with different meanings, hence the SigTag names.
type Tag uint32

// Region tags and the table of languages.
const (
	TagHeaderSignatures Tag = 62
	TagHeaderImmutable  Tag = 63
	TagHeaderI18NTable  Tag = 100
)

// Tags of the signature header.
const (
	SigTagDSA             Tag = 267  // header only; DSA, ECDSA and EdDSA
	SigTagRSA             Tag = 268  // header only
	SigTagSHA1            Tag = 269  // header only, hex
	SigTagLongSize        Tag = 270  // header and payload, when over 4 GiB
	SigTagLongArchiveSize Tag = 271  // payload uncompressed, when over 4 GiB
	SigTagSHA256          Tag = 273  // header only, hex
	SigTagFileSignatures  Tag = 274  // IMA
	SigTagVerity          Tag = 276  // fs-verity
	SigTagVerityAlgo      Tag = 277  //
	SigTagOpenPGP         Tag = 278  // header only, base64, any number (rpm 6)
	SigTagSHA3_256        Tag = 279  // header only, hex (rpm 6)
	SigTagReserved        Tag = 999  // rpm 6's reserved space
	SigTagSize            Tag = 1000 // header and payload
	SigTagPGP             Tag = 1002 // header and payload, RSA
	SigTagMD5             Tag = 1004 // header and payload
	SigTagGPG             Tag = 1005 // header and payload, DSA
	SigTagPayloadSize     Tag = 1007 // payload uncompressed
	SigTagReservedSpace   Tag = 1008 // room for signatures to come
)

// Tags of the main header.
const (
	TagName                 Tag = 1000
	TagVersion              Tag = 1001
	TagRelease              Tag = 1002
	TagEpoch                Tag = 1003
	TagSummary              Tag = 1004
	TagDescription          Tag = 1005
	TagBuildTime            Tag = 1006
	TagBuildHost            Tag = 1007
	TagSize                 Tag = 1009
	TagDistribution         Tag = 1010
	TagVendor               Tag = 1011
	TagLicense              Tag = 1014
	TagPackager             Tag = 1015
	TagGroup                Tag = 1016
	TagSource               Tag = 1018
	TagPatch                Tag = 1019
	TagURL                  Tag = 1020
	TagOS                   Tag = 1021
	TagArch                 Tag = 1022
	TagPreIn                Tag = 1023
	TagPostIn               Tag = 1024
	TagPreUn                Tag = 1025
	TagPostUn               Tag = 1026
	TagOldFileNames         Tag = 1027
	TagFileSizes            Tag = 1028
	TagFileModes            Tag = 1030
	TagFileRdevs            Tag = 1033
	TagFileMTimes           Tag = 1034
	TagFileDigests          Tag = 1035
	TagFileLinkTos          Tag = 1036
	TagFileFlags            Tag = 1037
	TagFileUserName         Tag = 1039
	TagFileGroupName        Tag = 1040
	TagSourceRPM            Tag = 1044
	TagFileVerifyFlags      Tag = 1045
	TagArchiveSize          Tag = 1046
	TagProvideName          Tag = 1047
	TagRequireFlags         Tag = 1048
	TagRequireName          Tag = 1049
	TagRequireVersion       Tag = 1050
	TagNoSource             Tag = 1051
	TagNoPatch              Tag = 1052
	TagConflictFlags        Tag = 1053
	TagConflictName         Tag = 1054
	TagConflictVersion      Tag = 1055
	TagExcludeArch          Tag = 1059
	TagExcludeOS            Tag = 1060
	TagExclusiveArch        Tag = 1061
	TagExclusiveOS          Tag = 1062
	TagRPMVersion           Tag = 1064
	TagTriggerScripts       Tag = 1065
	TagTriggerName          Tag = 1066
	TagTriggerVersion       Tag = 1067
	TagTriggerFlags         Tag = 1068
	TagTriggerIndex         Tag = 1069
	TagVerifyScript         Tag = 1079
	TagChangelogTime        Tag = 1080
	TagChangelogName        Tag = 1081
	TagChangelogText        Tag = 1082
	TagPreInProg            Tag = 1085
	TagPostInProg           Tag = 1086
	TagPreUnProg            Tag = 1087
	TagPostUnProg           Tag = 1088
	TagBuildArchs           Tag = 1089
	TagObsoleteName         Tag = 1090
	TagVerifyScriptProg     Tag = 1091
	TagTriggerScriptProg    Tag = 1092
	TagCookie               Tag = 1094
	TagFileDevices          Tag = 1095
	TagFileInodes           Tag = 1096
	TagFileLangs            Tag = 1097
	TagPrefixes             Tag = 1098
	TagSourcePackage        Tag = 1106
	TagProvideFlags         Tag = 1112
	TagProvideVersion       Tag = 1113
	TagObsoleteFlags        Tag = 1114
	TagObsoleteVersion      Tag = 1115
	TagDirIndexes           Tag = 1116
	TagBaseNames            Tag = 1117
	TagDirNames             Tag = 1118
	TagOptFlags             Tag = 1122
	TagDistURL              Tag = 1123
	TagPayloadFormat        Tag = 1124
	TagPayloadCompressor    Tag = 1125
	TagPayloadFlags         Tag = 1126
	TagPlatform             Tag = 1132
	TagFileColors           Tag = 1140
	TagFileClass            Tag = 1141
	TagClassDict            Tag = 1142
	TagSourcePkgID          Tag = 1146
	TagPreTrans             Tag = 1151
	TagPostTrans            Tag = 1152
	TagPreTransProg         Tag = 1153
	TagPostTransProg        Tag = 1154
	TagDistTag              Tag = 1155
	TagLongFileSizes        Tag = 5008
	TagLongSize             Tag = 5009
	TagFileCaps             Tag = 5010
	TagFileDigestAlgo       Tag = 5011
	TagBugURL               Tag = 5012
	TagVCS                  Tag = 5034
	TagRecommendName        Tag = 5046
	TagRecommendVersion     Tag = 5047
	TagRecommendFlags       Tag = 5048
	TagSuggestName          Tag = 5049
	TagSuggestVersion       Tag = 5050
	TagSuggestFlags         Tag = 5051
	TagSupplementName       Tag = 5052
	TagSupplementVersion    Tag = 5053
	TagSupplementFlags      Tag = 5054
	TagEnhanceName          Tag = 5055
	TagEnhanceVersion       Tag = 5056
	TagEnhanceFlags         Tag = 5057
	TagEncoding             Tag = 5062
	TagFileTriggerScripts   Tag = 5066
	TagFileTriggerProg      Tag = 5067
	TagFileTriggerName      Tag = 5069
	TagFileTriggerIndex     Tag = 5070
	TagFileTriggerVersion   Tag = 5071
	TagFileTriggerFlags     Tag = 5072
	TagTransFileTrigScripts Tag = 5076
	TagTransFileTrigProg    Tag = 5077
	TagTransFileTrigName    Tag = 5079
	TagTransFileTrigIndex   Tag = 5080
	TagTransFileTrigVersion Tag = 5081
	TagTransFileTrigFlags   Tag = 5082
	TagFileTriggerPrio      Tag = 5084
	TagTransFileTrigPrio    Tag = 5085
	TagPayloadDigest        Tag = 5092
	TagPayloadDigestAlgo    Tag = 5093
	TagModularityLabel      Tag = 5096
	TagPayloadDigestAlt     Tag = 5097
	TagTranslationURL       Tag = 5100
	TagUpstreamReleases     Tag = 5101
	TagPayloadSize          Tag = 5112
	TagPayloadSizeAlt       Tag = 5113
	TagRPMFormat            Tag = 5114
	TagSourceNEVR           Tag = 5120
	TagPayloadSHA512        Tag = 5121
	TagPayloadSHA3_256      Tag = 5123
)

// Type is the type of an entry.
type Type uint32

// The types of entries.
const (
	TypeNull        Type = 0
	TypeChar        Type = 1
	TypeInt8        Type = 2
	TypeInt16       Type = 3
	TypeInt32       Type = 4
	TypeInt64       Type = 5
	TypeString      Type = 6
	TypeBinary      Type = 7
	TypeStringArray Type = 8
	TypeI18NString  Type = 9
)

// size is the width of one value, 0 for strings.
func (t Type) size() int {
	switch t {
	case TypeChar, TypeInt8, TypeBinary:
		return 1
	case TypeInt16:
		return 2
	case TypeInt32:
		return 4
	case TypeInt64:
		return 8
	}
	return 0
}

// Sense is the flag word of a dependency.
type Sense uint32

// Flags of dependencies.
const (
	SenseLess         Sense = 1 << 1
	SenseGreater      Sense = 1 << 2
	SenseEqual        Sense = 1 << 3
	SensePostTrans    Sense = 1 << 5
	SensePrereq       Sense = 1 << 6
	SensePreTrans     Sense = 1 << 7
	SenseInterp       Sense = 1 << 8
	SensePre          Sense = 1 << 9
	SensePost         Sense = 1 << 10
	SensePreUn        Sense = 1 << 11
	SensePostUn       Sense = 1 << 12
	SenseVerify       Sense = 1 << 13
	SenseFindRequires Sense = 1 << 14
	SenseFindProvides Sense = 1 << 15
	SenseTriggerIn    Sense = 1 << 16
	SenseTriggerUn    Sense = 1 << 17
	SenseTriggerPost  Sense = 1 << 18
	SenseMissingOK    Sense = 1 << 19
	SenseRPMLib       Sense = 1 << 24
	SenseTriggerPreIn Sense = 1 << 25
	SenseKeyring      Sense = 1 << 26
	SenseConfig       Sense = 1 << 28
	SenseMeta         Sense = 1 << 29

	// SenseCompare masks the comparison.
	SenseCompare = SenseLess | SenseGreater | SenseEqual
)

// FileFlags says what a file is to RPM.
type FileFlags uint32

// Flags of files.
const (
	FileConfig    FileFlags = 1 << 0
	FileDoc       FileFlags = 1 << 1
	FileMissingOK FileFlags = 1 << 3
	FileNoReplace FileFlags = 1 << 4
	FileSpec      FileFlags = 1 << 5
	FileGhost     FileFlags = 1 << 6
	FileLicense   FileFlags = 1 << 7
	FileReadme    FileFlags = 1 << 8
	FileArtifact  FileFlags = 1 << 12
)

// File types, as in st_mode.
const (
	ModeType    = 0o170000
	ModeRegular = 0o100000
	ModeDir     = 0o040000
	ModeSymlink = 0o120000
	ModeChar    = 0o020000
	ModeBlock   = 0o060000
	ModeFIFO    = 0o010000
	ModeSocket  = 0o140000
)
