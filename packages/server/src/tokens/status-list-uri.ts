/** Where the status lists are, below the issuer. */
export const statusListsPath = '/oauth/status_lists'

/** The address of a list, which is its name in tokens too. */
export const statusListUri = (issuer: string, list: number): string => `${issuer}${statusListsPath}/${list}`
